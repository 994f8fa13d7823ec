// Takes webhooks, verifies them, does the work once: node build/verify-webhook.js [PORT]
// VOUCHERGRAPH_WEBHOOK_SECRET is the endpoint's whsec_... The libraries of standardwebhooks.com do
// the same as `verify`.
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from "node:http";

type Message = { type: string; data: { sequence: string; orderReference: string } };

const TOLERANCE_SECONDS = 300;
const LARGEST_BYTES = 65_536;
const secret = process.env.VOUCHERGRAPH_WEBHOOK_SECRET ?? "";
const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
// In your program: a table with a unique id, written in the transaction that does the work.
const handled = new Set<string>();

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > LARGEST_BYTES) throw new Error("it is too large");
    parts.push(part);
  }
  return Buffer.concat(parts);
}

// The message's id. `body` is as it came, before anything was parsed. Throws for what we did not
// sign, what was changed, and what is too old.
function verify(headers: IncomingHttpHeaders, body: Buffer): string {
  const [id, sent] = [String(headers["webhook-id"]), String(headers["webhook-timestamp"])];
  const age = Date.now() / 1000 - Number(sent);
  if (!(Math.abs(age) <= TOLERANCE_SECONDS)) throw new Error("it is too old, or a clock is wrong");
  const hmac = createHmac("sha256", key).update(`${id}.${sent}.`).update(body);
  const expected = Buffer.from(`v1,${hmac.digest("base64")}`);
  // Two signatures while a secret is rotated. Compared in constant time: === would tell, by how
  // long it takes, how much of a guess is right.
  const fits = String(headers["webhook-signature"]).split(" ").some((one) => {
    const given = Buffer.from(one);
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
  if (!fits) throw new Error("the signature does not fit");
  return id;
}

// Any 2xx means taken. Answer soon: after 10 seconds it counts as failed and comes again.
const server = createServer(async (request, response) => {
  try {
    const body = await bodyOf(request);
    const id = verify(request.headers, body);
    if (!handled.has(id)) {
      const { type, data } = JSON.parse(body.toString()) as Message;
      console.log([data.sequence, data.orderReference, type].join("\t"));
      handled.add(id);
    }
    response.writeHead(204).end();
  } catch (error) {
    response.writeHead(401).end((error as Error).message);
  }
});
if (key.length === 0) throw new Error("VOUCHERGRAPH_WEBHOOK_SECRET is not set");
server.listen(Number(process.argv[2] ?? 8080), "127.0.0.1");
