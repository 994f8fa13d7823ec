import { useEditorContext, useExecutionContext, usePluginStore } from "@graphiql/react";
import { createContext, useContext, useId, useRef, useState, useSyncExternalStore } from "react";
import { groups } from "./examples/index.js";
import { credentialHeaders } from "./headers.js";
import { ask } from "./http.js";
import { ExamplesIcon } from "./icons.jsx";
import { newKey } from "./new-key.js";
import { listen, notice, say } from "./notice.js";
import { demoKeys, isSandbox, samples } from "./page.js";
import { session, signIn } from "./session.js";

export const NARROW = "(max-width: 760px)";
export const SessionContext = createContext(null);

const may = (viewer, { needs }) =>
  needs.length === 0 || needs.some((scope) => viewer?.scopes.includes(scope));

const prepared = async (example, purpose) => {
  const { credentials } = session();
  const asked = (query, variables) =>
    ask(credentials, credentialHeaders(credentials), query, variables);
  try {
    return await example.prepare(asked, { samples, sandbox: isSandbox, purpose });
  } catch (refused) {
    return { note: `Its variables could not be found: ${refused.message}` };
  }
};

const textOf = (values) => (values ? JSON.stringify(values, null, 2) : null);

// Opens an example in a new tab, with variables that run at once where they were found.
const useOpen = () => {
  const { stop } = useExecutionContext({ nonNull: true });
  const editors = useRef(null);
  editors.current = useEditorContext({ nonNull: true });
  const { setVisiblePlugin } = usePluginStore();
  return async (example, purpose) => {
    const { variables, headers, note } = await prepared(example, purpose);
    const { tabs, moveTab } = editors.current;
    const tab = {
      id: newKey(),
      hash: "",
      title: example.title,
      query: example.document,
      variables: textOf(variables),
      headers: textOf(headers),
      operationName: example.document.match(/^(?:query|mutation|subscription) (\w+)/m)[1],
      response: null,
    };
    stop();
    // To stay with the active tab, GraphiQL looks for it in the new order: one whose text has changed
    // meanwhile is not found, and the whole page ends. It is told where the new one is instead.
    moveTab(Object.assign([...tabs, tab], { indexOf: () => tabs.length }));
    if (window.matchMedia(NARROW).matches) setVisiblePlugin(null);
    return note || "Press Execute to run it.";
  };
};

const Panel = () => {
  const { viewer } = useContext(SessionContext);
  const open = useOpen();
  const status = useSyncExternalStore(listen, notice);
  const opened = async (example, { client, purpose } = {}) => {
    say(`Preparing “${example.title}”…`);
    const problem = client ? await signIn(demoKeys[client]) : "";
    say(problem || `“${example.title}” is open. ${await open(example, purpose)}`);
  };
  return (
    <section className="vg-examples" aria-label="Examples">
      <h2>Examples</h2>
      <p className="vg-note">
        One click opens a new tab. Vouchers stay masked unless you reveal them.
      </p>
      <p className="vg-status" role="status">
        {status}
      </p>
      <div className="vg-groups">
        {groups.map(({ title, examples }) => (
          <div key={title}>
            <h3>{title}</h3>
            <ul>
              {examples.map((example) => (
                <Example key={example.title} example={example} viewer={viewer} onOpen={opened} />
              ))}
            </ul>
          </div>
        ))}
      </div>
    </section>
  );
};

const Example = ({ example, viewer, onOpen }) => {
  const allowed = may(viewer, example);
  const client = !allowed && demoKeys[example.as] ? example.as : null;
  const [purpose, setPurpose] = useState(isSandbox ? "Trying out the sandbox" : "");
  const about = useId();
  const submit = (event) => {
    event.preventDefault();
    const as = event.nativeEvent.submitter?.value;
    onOpen(example, { client: as || null, purpose });
  };
  return (
    <li>
      <form onSubmit={submit}>
        <button type="submit" className="vg-example" aria-describedby={about}>
          {example.title}
        </button>
        <p id={about}>
          {example.about}
          {!allowed && <span className="vg-needs"> Needs {example.needs[0]}.</span>}
        </p>
        {example.warning && <p className="vg-warning">{example.warning}</p>}
        {example.asksPurpose && (
          <label className="vg-purpose">
            Purpose of the reveal
            <input
              required
              maxLength={200}
              pattern="[ -~]+"
              title="Letters, digits and signs of ASCII"
              value={purpose}
              onChange={(event) => setPurpose(event.target.value)}
            />
          </label>
        )}
        {client && (
          <button type="submit" className="vg-as" value={client} aria-describedby={about}>
            Open “{example.title}” as {client}
          </button>
        )}
      </form>
    </li>
  );
};

export const EXAMPLES = { title: "Examples", icon: ExamplesIcon, content: Panel };
