import { useEffect, useRef, useState } from "react";

import { CopyButton } from "./copy-button";
import { followable, type Secret } from "./reveal";
import styles from "./revealed.module.css";
import { SHOWN_MS } from "./use-reveal";

/** The opened values of one voucher, each to be copied; with the time that they stay. */
export function Revealed({
  name,
  secrets,
  until,
}: {
  /** Which voucher, as in "Voucher 3". */
  name: string;
  secrets: readonly Secret[];
  until: number;
}) {
  const element = useRef<HTMLElement>(null);
  useEffect(() => element.current?.focus(), []);
  const linked = secrets.some(({ link }) => link);

  return (
    <section ref={element} tabIndex={-1} className={styles.panel} aria-label={`${name}, revealed`}>
      {secrets.length === 0 && <p>It has none of the values that its type names.</p>}
      <dl className={styles.secrets}>
        {secrets.map((secret) => (
          <SecretRow key={secret.name} secret={secret} />
        ))}
      </dl>
      {linked && secrets.length > 1 && (
        <p className="small soft">
          Copy what you need before you open the link: this page hides the voucher when you leave
          it.
        </p>
      )}
      <Countdown until={until} />
    </section>
  );
}

function SecretRow({ secret }: { secret: Secret }) {
  const { name, value, link } = secret;
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <code className={styles.value} translate="no">
          {value}
        </code>
        <span className={styles.actions}>
          <CopyButton name={named(name)} value={value} />
          {link && followable(value) && (
            <a href={value} target="_blank" rel="noreferrer noopener">
              Open the claim page
            </a>
          )}
        </span>
      </dd>
    </div>
  );
}

/** "Claim link" within a sentence; "PIN" as it is. */
function named(name: string): string {
  return name === "PIN" ? name : name.toLowerCase();
}

function Countdown({ until }: { until: number }) {
  const [left, setLeft] = useState(() => until - Date.now());
  useEffect(() => {
    const timer = setInterval(() => setLeft(until - Date.now()), 250);
    return () => clearInterval(timer);
  }, [until]);
  const seconds = Math.max(0, Math.ceil(left / 1000));
  const share = Math.min(1, Math.max(0, left / SHOWN_MS));
  return (
    <span className={styles.countdown}>
      <span role="timer" className="small soft numeric">
        Hidden again in {seconds} s
      </span>
      <span className={styles.track} aria-hidden="true">
        <span style={{ scale: `${share} 1` }} />
      </span>
    </span>
  );
}
