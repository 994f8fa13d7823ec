// Follows the orders of your account and misses nothing: node build/resume.js PLACE_FILE
// The file holds the sequence of the last event that was handled. However the connection ends, and
// if this program does, what happened in between comes first.
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { graphql } from "./gql/gql.js";
import type { EventsSubscription } from "./gql/graphql.js";
import { connection, lost } from "./service.js";

const Events = graphql(`
  subscription Events($after: String!) {
    orderEvents(after: $after) { sequence type status order { reference } }
  }
`);
const LONGEST_WAIT_MS = 30_000;
const [, , place = ""] = process.argv;

// The last event that was handled; "0" begins with the first of all.
function seen(): string {
  return existsSync(place) ? readFileSync(place, "utf8") : "0";
}

// Written whole or not at all.
function keep(sequence: string): void {
  writeFileSync(`${place}.new`, sequence);
  renameSync(`${place}.new`, place);
}

// Your work. An end of this program between here and the file brings the event again.
function handle({ sequence, type, order }: EventsSubscription["orderEvents"]): void {
  console.log([sequence, order.reference, type].join("\t"));
}

// Handle what comes behind the place, until the connection is lost.
async function follow(): Promise<void> {
  const client = connection();
  try {
    const asked = { query: Events.toString(), variables: { after: seen() } };
    for await (const { data, errors } of client.iterate<EventsSubscription>(asked)) {
      if (!data) throw new Error(JSON.stringify(errors));
      handle(data.orderEvents);
      keep(data.orderEvents.sequence);
    }
  } finally {
    await client.dispose();
  }
}

let wait = 1_000;
for (;;) {
  const before = seen();
  await follow().catch(lost);
  wait = seen() === before ? Math.min(2 * wait, LONGEST_WAIT_MS) : 1_000;
  // At random, so that a thousand clients do not all come back in the same second.
  await sleep(Math.random() * wait);
}
