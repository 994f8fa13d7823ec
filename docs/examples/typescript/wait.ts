// Waits until nothing more is expected of an order: node build/wait.js ORDER_ID
// Prints its events as they come, and at the end: status, units delivered, units that failed.
import { setTimeout as sleep } from "node:timers/promises";
import { graphql } from "./gql/gql.js";
import type { EventsOfOrderSubscription, OrderQuery } from "./gql/graphql.js";
import { connection, lost, send, stop } from "./service.js";

const Order = graphql(`
  query Order($id: ID!) {
    order(by: { id: $id }) { status settled lastSequence lines { delivered failed } }
  }
`);
const EventsOfOrder = graphql(`
  subscription EventsOfOrder($id: ID!, $after: String!) {
    orderEvents(orderIds: [$id], after: $after) { type status }
  }
`);
type Found = NonNullable<OrderQuery["order"]>;
const LOOK_MS = 30_000; // also without an event: what fails of a part delivery changes no status

async function read(id: string): Promise<Found> {
  return (await send(Order, { id })).order ?? stop("There is no such order.");
}

// The order once it is settled. Every event, and a long silence, is a reason to look again.
async function settled(id: string): Promise<Found> {
  const client = connection();
  try {
    let order = await read(id);
    // From the last event in what was read: nothing can happen unseen between the two.
    const variables = { id, after: order.lastSequence };
    const query = EventsOfOrder.toString();
    const events = client.iterate<EventsOfOrderSubscription>({ query, variables });
    let next = events.next();
    while (!order.settled) {
      const told = await Promise.race([next, sleep(LOOK_MS, undefined, { ref: false })]);
      if (told) {
        const event = (told.value?.data as EventsOfOrderSubscription | undefined)?.orderEvents;
        if (!event) throw new Error(JSON.stringify(told.value?.errors));
        console.log([event.type, event.status].join("\t"));
        next = events.next();
      }
      order = await read(id);
    }
    next.catch(() => undefined); // it ends with the connection
    return order;
  } finally {
    await client.dispose();
  }
}

const [, , id = ""] = process.argv;
let order: Found | undefined;
while (!order) {
  try {
    order = await settled(id);
  } catch (why) {
    lost(why);
    await sleep(2_000);
  }
}
const units = (of: "delivered" | "failed") => order.lines.reduce((sum, line) => sum + line[of], 0);
console.log([order.status, units("delivered"), units("failed")].join("\t"));
