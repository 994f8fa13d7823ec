import { useState, type FormEvent } from "react";

import { Button } from "../ui/button";
import { CheckField, TextField } from "../ui/field";
import { Icon } from "../ui/icon";
import { Notice } from "../ui/notice";
import { Mark } from "../shell/mark";
import { ThemeSwitch } from "../shell/theme-switch";
import type { Credentials } from "./credentials";
import { demoKeys } from "./page";
import styles from "./sign-in.module.css";

const DEMO_WORDS: Record<string, string> = {
  partner: "Buys and opens vouchers",
  operator: "Watches and decides",
  readonly: "Looks, and changes nothing",
};

/** Who are you? By key and secret, by a bearer token, or by one of the sandbox's demo keys. */
export function SignIn({
  why,
  busy,
  onSignIn,
}: {
  why?: string;
  busy: boolean;
  onSignIn: (credentials: Credentials) => void;
}) {
  return (
    <main className={styles.page}>
      <div className={styles.theme}>
        <ThemeSwitch />
      </div>
      <div className={styles.box}>
        <header className={styles.header}>
          <Mark />
          <h1>Sign in</h1>
          <p className="soft">Gift cards of every provider, in one place.</p>
        </header>
        {why && (
          <Notice tone="bad" title="You are signed out" announce>
            {why}
          </Notice>
        )}
        {demoKeys.length > 0 && <DemoKeys busy={busy} onSignIn={onSignIn} />}
        <Form busy={busy} onSignIn={onSignIn} />
        <p className={styles.note}>
          <Icon name="shield" size={16} />
          Kept in this tab only, and gone when you close it or sign out.
        </p>
      </div>
    </main>
  );
}

interface Part {
  busy: boolean;
  onSignIn: (credentials: Credentials) => void;
}

function DemoKeys({ busy, onSignIn }: Part) {
  return (
    <section className={styles.demo} aria-label="Sandbox">
      <p className="small soft">This is the sandbox. Nothing costs anything here:</p>
      <ul className={styles.demoKeys}>
        {demoKeys.map(({ name, key, secret }) => (
          <li key={name}>
            <button
              type="button"
              className={styles.demoKey}
              disabled={busy}
              onClick={() => onSignIn({ kind: "key", key, secret })}
            >
              <span>
                <span className={styles.demoName}>Sign in as {name}</span>
                <span className={styles.demoWords}>{DEMO_WORDS[name]}</span>
              </span>
              <Icon name="arrowRight" />
            </button>
          </li>
        ))}
      </ul>
      <p className={styles.or}>
        <span>or with your own key</span>
      </p>
    </section>
  );
}

function Form({ busy, onSignIn }: Part) {
  const [kind, setKind] = useState<Credentials["kind"]>("key");
  const [key, setKey] = useState("");
  const [secret, setSecret] = useState("");
  const [token, setToken] = useState("");

  function submit(event: FormEvent): void {
    event.preventDefault();
    onSignIn(
      kind === "key"
        ? { kind, key: key.trim(), secret: secret.trim() }
        : { kind, token: token.trim().replace(/^bearer\s+/i, "") },
    );
  }

  return (
    <form className="stack" onSubmit={submit}>
      <fieldset>
        <legend className="sr-only">How to sign in</legend>
        <div className="row">
          <CheckField
            type="radio"
            name="kind"
            label="Key and secret"
            checked={kind === "key"}
            onChange={() => setKind("key")}
          />
          <CheckField
            type="radio"
            name="kind"
            label="Bearer token"
            checked={kind === "bearer"}
            onChange={() => setKind("bearer")}
          />
        </div>
      </fieldset>
      {kind === "key" ? (
        <>
          <TextField
            label="API key"
            placeholder="vglive_…"
            value={key}
            onChange={(event) => setKey(event.target.value)}
            required
            {...LITERAL}
          />
          <TextField
            label="API secret"
            type="password"
            value={secret}
            onChange={(event) => setSecret(event.target.value)}
            required
            {...LITERAL}
          />
        </>
      ) : (
        <TextField
          label="Token"
          type="password"
          value={token}
          onChange={(event) => setToken(event.target.value)}
          required
          {...LITERAL}
        />
      )}
      <Button look="primary" type="submit" wide busy={busy}>
        Sign in
      </Button>
    </form>
  );
}

// Neither kept by the browser nor corrected by it.
const LITERAL = { autoComplete: "off", autoCapitalize: "none", spellCheck: false };
