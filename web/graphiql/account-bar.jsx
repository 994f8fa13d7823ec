import { useId, useState, useSyncExternalStore } from "react";
import { listen, notice, say } from "./notice.js";
import { demoKeys } from "./page.js";
import { askToSignIn, demoClient, signIn, signOut } from "./session.js";

// The page's head: whose account this is, who acts, and the way out.
export const AccountBar = ({ credentials, viewer }) => (
  <header className="vg-bar">
    <h1>Vouchergraph</h1>
    {viewer ? <SignedIn credentials={credentials} viewer={viewer} /> : <Anonymous />}
    <Notice />
  </header>
);

// On narrow pages alone, where the panel that would say it is gone by then.
const Notice = () => {
  const text = useSyncExternalStore(listen, notice);
  return (
    <div className="vg-notice">
      <p role="status">{text}</p>
      {text && (
        <button type="button" className="vg-link" onClick={() => say("")}>
          Dismiss
        </button>
      )}
    </div>
  );
};

const Anonymous = () => (
  <>
    <p className="vg-who">Not signed in: the schema only</p>
    <button type="button" className="vg-button" onClick={askToSignIn}>
      Sign in
    </button>
  </>
);

const SignedIn = ({ credentials, viewer }) => {
  const client = demoClient(credentials);
  return (
    <>
      <p className="vg-who" aria-label="Signed in">
        Account <strong>{viewer.accountName}</strong>
        <span className="vg-actor">
          {" "}
          · actor <code title={viewer.actor}>{viewer.actor}</code>
        </span>
      </p>
      {client && <ActAs client={client} />}
      <button type="button" className="vg-button" onClick={signOut}>
        Sign out
      </button>
    </>
  );
};

const ActAs = ({ client }) => {
  const id = useId();
  const [problem, setProblem] = useState("");
  const change = async (event) => setProblem(await signIn(demoKeys[event.target.value]));
  return (
    <>
      <label className="vg-act" htmlFor={id}>
        Act as
      </label>
      <select id={id} value={client} onChange={change}>
        {Object.keys(demoKeys).map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      {problem && <span role="alert">{problem}</span>}
    </>
  );
};
