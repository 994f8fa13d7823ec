import { explorerPlugin } from "@graphiql/plugin-explorer";
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import React from "react";
import { createRoot } from "react-dom/client";
import { examples } from "./examples.js";

import "graphiql/style.css";
import "@graphiql/plugin-explorer/style.css";

const root = document.getElementById("graphiql");
const url = new URL(root.dataset.endpoint, window.location.href);
const subscriptionUrl = new URL(url);
subscriptionUrl.protocol = url.protocol === "https:" ? "wss:" : "ws:";

// Only the sandbox's page carries keys, by the name of their client; elsewhere people paste their own.
const keys = JSON.parse(root.dataset.keys);
const headersOf = (client) =>
  JSON.stringify(
    keys[client]
      ? { "X-API-Key": keys[client].key, "X-API-Secret": keys[client].secret }
      : { "X-API-Key": "", "X-API-Secret": "" },
    null,
    2,
  );

const samples = JSON.parse(root.dataset.samples);
const tabs = examples(samples).map(({ client, query, variables }) => ({
  query: query.trim() + "\n",
  variables: variables ? JSON.stringify(variables, null, 2) : "",
  headers: headersOf(client),
}));

// The tab's own storage: keys are gone when the tab is closed, and no other tab sees them. What was
// kept for another installation's keys would only be refused, so a change of keys starts afresh.
const storage = window.sessionStorage;
const installation = Object.values(keys).map(({ key }) => key).join(" ");
if (storage.getItem("vouchergraph:installation") !== installation) {
  storage.clear();
  storage.setItem("vouchergraph:installation", installation);
}

// The schema is first asked for before the header editor is there: it gets the tab's headers here.
const headersOfTab = () => {
  try {
    const { tabs: kept, activeTabIndex } = JSON.parse(storage.getItem("graphiql:tabState"));
    return JSON.parse(kept[activeTabIndex].headers);
  } catch {
    return JSON.parse(headersOf("partner"));
  }
};
const send = createGraphiQLFetcher({ url: url.href, subscriptionUrl: subscriptionUrl.href });
const fetcher = (params, options) => {
  const given = options?.headers;
  const headers = given && Object.keys(given).length ? given : headersOfTab();
  const kept = Object.entries(headers).filter(([, value]) => value !== "");
  return send(params, { ...options, headers: Object.fromEntries(kept) });
};

createRoot(root).render(
  <GraphiQL
    fetcher={fetcher}
    plugins={[explorerPlugin({ showAttribution: false })]}
    defaultTabs={tabs}
    defaultHeaders={headersOf("partner")}
    defaultEditorToolsVisibility="headers"
    shouldPersistHeaders
    storage={storage}
  >
    <GraphiQL.Logo>Vouchergraph</GraphiQL.Logo>
  </GraphiQL>,
);
