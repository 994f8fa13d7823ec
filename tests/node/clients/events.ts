// graphql-sse, distinct connections: the same events over an event stream.
import { createClient } from "graphql-sse";
import { follow } from "./following.js";
import { credentials, url } from "./service.js";

const client = createClient({ url, headers: credentials, retryAttempts: 0 });
await follow((asked) => client.iterate(asked));
client.dispose();
