// Composes our subgraph (its SDL in argv[2]) with a second one; prints the supergraph or the errors.
import { readFileSync } from "node:fs";
import { composeServices } from "@apollo/composition";
import { parse } from "graphql";

const read = (path) => parse(readFileSync(path, "utf8"));
const [ours, url] = process.argv.slice(2);
const { supergraphSdl, errors, hints } = composeServices([
  { name: "vouchergraph", url, typeDefs: read(ours) },
  { name: "reviews", url: "http://reviews.invalid", typeDefs: read(new URL("reviews.graphql", import.meta.url)) },
]);
if (errors?.length) {
  for (const error of errors) console.error(error.message);
  process.exit(1);
}
for (const hint of hints ?? []) console.error(`hint: ${hint.message}`);
console.log(supergraphSdl);
