import { useId, useState } from "react";
import { demoKeys } from "./page.js";
import { lookAround, signIn } from "./session.js";

const MAY = {
  partner: "buys, reveals, sees its wallet and audit chain",
  operator: "imports, pauses providers, resolves what needs review",
  readonly: "reads the catalog and orders",
};

// The first page: a key and its secret, or a bearer token; in the sandbox also its demo clients.
export const SignIn = ({ problem: earlier }) => {
  const [problem, setProblem] = useState(earlier);
  const [busy, setBusy] = useState(false);
  const attempt = async (credentials) => {
    setBusy(true);
    setProblem("");
    const refused = await signIn(credentials);
    setBusy(false);
    setProblem(refused);
  };
  return (
    <main className="vg-sign-in">
      <div className="vg-card">
        <h1>Vouchergraph</h1>
        <p className="vg-lead">Sign in to explore the API.</p>
        <p className="vg-problem" role="alert">
          {problem}
        </p>
        {Object.keys(demoKeys).length > 0 && <Demo busy={busy} onSignIn={attempt} />}
        <Credentials busy={busy} onSignIn={attempt} />
        <button type="button" className="vg-link" onClick={lookAround}>
          Look at the schema without signing in
        </button>
      </div>
    </main>
  );
};

const Demo = ({ busy, onSignIn }) => (
  <section className="vg-demo" aria-label="Sandbox">
    <h2>Sandbox on this machine</h2>
    <ul>
      {Object.entries(demoKeys).map(([name, credentials]) => (
        <li key={name}>
          <button
            type="button"
            className="vg-button"
            disabled={busy}
            onClick={() => onSignIn(credentials)}
          >
            Sign in as {name}
          </button>
          <span>{MAY[name]}</span>
        </li>
      ))}
    </ul>
  </section>
);

const KINDS = { key: "API key and secret", token: "Bearer token" };

const Credentials = ({ busy, onSignIn }) => {
  const [kind, setKind] = useState("key");
  const submit = (event) => {
    event.preventDefault();
    const values = [...new FormData(event.currentTarget)].filter(([name]) => name !== "kind");
    onSignIn(Object.fromEntries(values.map(([name, value]) => [name, value.trim()])));
  };
  return (
    <form className="vg-credentials" onSubmit={submit} autoComplete="off" aria-label="Sign in">
      <h2>Your own credentials</h2>
      <fieldset className="vg-choices">
        <legend className="vg-hidden">Kind of credentials</legend>
        {Object.entries(KINDS).map(([name, words]) => (
          <label key={name} className="vg-check">
            <input
              type="radio"
              name="kind"
              checked={kind === name}
              onChange={() => setKind(name)}
            />
            {words}
          </label>
        ))}
      </fieldset>
      {kind === "key" ? (
        <>
          <Field label="API key" name="key" placeholder="vglive_…" />
          <Field label="API secret" name="secret" type="password" />
        </>
      ) : (
        <Field label="Bearer token" name="token" type="password" />
      )}
      <button type="submit" className="vg-button vg-primary" disabled={busy}>
        {busy ? "Signing in…" : "Sign in"}
      </button>
      <p className="vg-note">
        Kept in this browser tab only, until you close it or sign out. Sent to this service alone.
      </p>
    </form>
  );
};

const Field = ({ label, ...input }) => {
  const id = useId();
  return (
    <div className="vg-field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        required
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        {...input}
      />
    </div>
  );
};
