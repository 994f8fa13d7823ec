// Every audit of GraphQL over HTTP against the endpoint in argv[2]; prints what is not "ok" and fails.
import { auditServer } from "graphql-http";

const results = await auditServer({ url: process.argv[2] });
const others = results.filter(({ status }) => status !== "ok");
for (const { id, name, status, reason } of others) console.log(`${status} ${id} ${name}: ${reason}`);
console.log(`${results.length - others.length} of ${results.length} audits ok`);
process.exit(others.length ? 1 : 0);
