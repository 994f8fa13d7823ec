import { explorerPlugin } from "@graphiql/plugin-explorer";
import { PluginContextProvider } from "@graphiql/react";
import { GraphiQL } from "graphiql";
import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { Access } from "./access.jsx";
import { AccountBar } from "./account-bar.jsx";
import { CopyButtons } from "./copy/buttons.jsx";
import listCatalog from "./examples/list-catalog.graphql";
import { EXAMPLES, NARROW, SessionContext } from "./examples-panel.jsx";
import { fetcherFor } from "./fetcher.js";
import { listen, session } from "./session.js";
import { SignIn } from "./sign-in.jsx";
import { graphiqlStorage } from "./storage.js";
import { WatchingLine } from "./watching-line.jsx";

const PLUGINS = [EXAMPLES, explorerPlugin({ showAttribution: false })];
const FIRST_TABS = [{ query: listCatalog }];

export const App = () => {
  const current = useSyncExternalStore(listen, session);
  if (current.phase === "starting")
    return (
      <p className="vg-starting" role="status">
        Signing in…
      </p>
    );
  if (current.phase === "out") return <SignIn problem={current.problem} />;
  return (
    <SessionContext.Provider value={current}>
      <div className="vg-page">
        <AccountBar {...current} />
        <main className="vg-main">
          <WithExamples>
            <Explorer credentials={current.credentials} />
          </WithExamples>
        </main>
      </div>
    </SessionContext.Provider>
  );
};

// GraphiQL would give a third of the page to its panel.
const PANEL = "graphiql:docExplorerFlex";
if (!graphiqlStorage.getItem(PANEL)) graphiqlStorage.setItem(PANEL, "0.27");

// GraphiQL lays its panel out when it is first drawn, before it hears which one is to be seen: so it
// is told before. On a narrow page the panel would cover everything else.
const WithExamples = ({ children }) => {
  const [told, setTold] = useState(() => window.matchMedia(NARROW).matches);
  useEffect(() => setTold(true), []);
  if (told) return children;
  return <PluginContextProvider plugins={PLUGINS} visiblePlugin={EXAMPLES} />;
};

const Explorer = ({ credentials }) => {
  const fetcher = useMemo(() => fetcherFor(credentials), [credentials]);
  const [narrow] = useState(() => window.matchMedia(NARROW).matches);
  return (
    <GraphiQL
      fetcher={fetcher}
      plugins={PLUGINS}
      visiblePlugin={narrow ? undefined : EXAMPLES}
      defaultTabs={FIRST_TABS}
      defaultQuery=""
      defaultEditorToolsVisibility={narrow ? false : "variables"}
      shouldPersistHeaders
      storage={graphiqlStorage}
    >
      <GraphiQL.Logo>
        <span />
      </GraphiQL.Logo>
      <GraphiQL.Toolbar>
        {({ prettify, merge, copy }) => (
          <>
            {prettify}
            {merge}
            {copy}
            <CopyButtons credentials={credentials} />
          </>
        )}
      </GraphiQL.Toolbar>
      <GraphiQL.Footer>
        <WatchingLine />
      </GraphiQL.Footer>
      <Access />
    </GraphiQL>
  );
};
