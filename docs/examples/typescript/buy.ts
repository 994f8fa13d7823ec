// Buys vouchers, once: node build/buy.js PURCHASE PRODUCT_ID FACE_VALUE QUANTITY
// PURCHASE is your own number for it. Run it again after a crash or with a problem put right: as
// long as PURCHASE.json is there, it is the same purchase and nothing is bought twice.
// Prints the order: id, reference, status.
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { graphql } from "./gql/gql.js";
import type { OrderPlaceInput, PlaceMutation } from "./gql/graphql.js";
import { Failed, send, stop } from "./service.js";

const Cart = graphql(`
  mutation Cart($line: CartLineInput!) {
    cartCreate(input: { lines: [$line] }) {
      cart { id totals { price { amount currency } } warnings { message } }
      problems { code message }
    }
  }
`);
const Place = graphql(`
  mutation Place($input: OrderPlaceInput!) {
    orderPlace(input: $input) {
      order { id reference status }
      problems { code message retry outcome retryAfterMs }
    }
  }
`);
type Payload = NonNullable<PlaceMutation["orderPlace"]>;
const WAITS_MS = [1_000, 2_000, 4_000, 8_000, 16_000]; // after each try

const [, , name = "", productId = "", faceValue = "", quantity = ""] = process.argv;
const record = `${name}.json`;

// Fill a cart; what will be ordered, at most at the price shown now.
async function prepare(): Promise<OrderPlaceInput> {
  const line = { productId, faceValue, quantity: Number(quantity) };
  const { cart, problems } = (await send(Cart, { line })).cartCreate!;
  if (problems[0] || !cart) stop(`${problems[0]?.code}: ${problems[0]?.message}`);
  for (const warning of cart.warnings) console.error(warning.message);
  return {
    cartId: cart.id,
    maxTotals: cart.totals.map((total) => total.price),
    idempotencyKey: crypto.randomUUID(),
  };
}

// Order what was prepared; the order, the same one however often it is asked for.
async function place(input: OrderPlaceInput): Promise<NonNullable<Payload["order"]>> {
  for (const usualWait of WAITS_MS) {
    let wait = usualWait;
    try {
      const { order, problems } = (await send(Place, { input })).orderPlace!;
      if (order && !problems[0]) return order;
      if (problems[0]) wait = followAdvice(problems[0], wait);
    } catch (error) {
      // No answer means that it may have been ordered: only the same key is safe now.
      if (error instanceof Failed && !error.temporary) stop(error.message);
    }
    await sleep(wait);
  }
  return stop("It is not known yet whether it was ordered. Run this again.");
}

// Milliseconds until the next try with the same key; ends where somebody must decide.
function followAdvice(problem: Payload["problems"][number], wait: number): number {
  const said = `${problem.code}: ${problem.message}.`;
  switch (problem.retry) {
    case "AFTER":
      return problem.retryAfterMs ?? wait;
    case "SAME_KEY":
      if (problem.outcome === "UNKNOWN") return wait;
      return stop(`${said} Put that right and run this again.`);
    case "NEW_KEY":
      rmSync(record);
      return stop(`${said} Put that right and run this again: it will be a new purchase.`);
    default:
      return stop(`${said} Repeating it does not help.`);
  }
}

// The key is kept before its first use: after a crash the next run must know it.
// In your program it stands in your database, beside your own order.
if (!existsSync(record)) writeFileSync(record, JSON.stringify(await prepare()));
const order = await place(JSON.parse(readFileSync(record, "utf8")) as OrderPlaceInput);
console.log([order.id, order.reference, order.status].join("\t"));
