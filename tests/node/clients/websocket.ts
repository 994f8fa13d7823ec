// graphql-ws: the events of an order over a WebSocket.
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { follow } from "./following.js";
import { credentials, url } from "./service.js";

const client = createClient({
  url: url.replace("http", "ws"),
  webSocketImpl: WebSocket,
  connectionParams: credentials,
  retryAttempts: 0,
});
await follow((asked) => client.iterate(asked));
await client.dispose();
