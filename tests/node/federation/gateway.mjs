// A real gateway in front of our subgraph and a second one. argv: our SDL's file, our URL.
// Prints one line of JSON with the gateway's URL when it answers, and one for each request that it
// sent to us, so that a test can count them.
import { readFileSync } from "node:fs";
import { composeServices } from "@apollo/composition";
import { ApolloGateway, RemoteGraphQLDataSource } from "@apollo/gateway";
import { ApolloServer } from "@apollo/server";
import { ApolloServerPluginInlineTraceDisabled } from "@apollo/server/plugin/disabled";
import { startStandaloneServer } from "@apollo/server/standalone";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { parse } from "graphql";

const tell = (line) => console.log(JSON.stringify(line));
const [sdlFile, url] = process.argv.slice(2);
const reviewsSdl = parse(readFileSync(new URL("reviews.graphql", import.meta.url), "utf8"));
let reviewed = [];

const reviews = new ApolloServer({
  plugins: [ApolloServerPluginInlineTraceDisabled()],
  schema: buildSubgraphSchema({
    typeDefs: reviewsSdl,
    resolvers: {
      Query: {
        latestReviews: () => ({
          nodes: reviewed.map((id, index) => ({
            id: String(index),
            text: `review ${index}`,
            product: { id },
            price: { amount: "1.50", currency: "EUR" },
          })),
          pageInfo: { hasNextPage: false, hasPreviousPage: false },
        }),
        latestNotes: () => reviewed.map((id) => ({ id })),
      },
      Product: { reviews: () => [] },
      Order: { note: ({ id }) => `note of ${id.length} characters` },
    },
  }),
});
const reviewsAt = await startStandaloneServer(reviews, { listen: { port: 0, host: "127.0.0.1" } });

const { supergraphSdl, errors } = composeServices([
  { name: "vouchergraph", url, typeDefs: parse(readFileSync(sdlFile, "utf8")) },
  { name: "reviews", url: reviewsAt.url, typeDefs: reviewsSdl },
]);
if (errors?.length) throw new Error(errors.map((error) => error.message).join("\n"));

// The gateway hands the client's credentials on: rights are ours to decide.
class Forwarding extends RemoteGraphQLDataSource {
  willSendRequest({ request, context }) {
    for (const name of ["x-api-key", "x-api-secret"]) {
      if (context.headers?.[name]) request.http.headers.set(name, context.headers[name]);
    }
    if (this.url === url && context.headers) tell({ asked: request.query });
  }
}

const server = new ApolloServer({
  gateway: new ApolloGateway({
    supergraphSdl,
    buildService: ({ url }) => new Forwarding({ url }),
  }),
});
const gateway = await startStandaloneServer(server, {
  listen: { port: 0, host: "127.0.0.1" },
  context: async ({ req }) => {
    reviewed = JSON.parse(req.headers["x-reviewed"] ?? "[]");
    return { headers: req.headers };
  },
});
tell({ gateway: gateway.url });
