import type { ReactNode } from "react";

import styles from "./badge.module.css";

export type Tone = "neutral" | "accent" | "good" | "warn" | "bad";

/** A word that says how something stands; its color only repeats what it says. */
export function Badge({
  tone = "neutral",
  pulse,
  plain,
  children,
}: {
  tone?: Tone;
  /** Something is still going on. */
  pulse?: boolean;
  /** Without the dot: a fact rather than a state. */
  plain?: boolean;
  children: ReactNode;
}) {
  return (
    <span className={`${styles.badge} ${styles[tone]} ${plain ? styles.plain : ""}`}>
      {!plain && (
        <span className={pulse ? `${styles.dot} ${styles.pulse}` : styles.dot} aria-hidden="true" />
      )}
      {children}
    </span>
  );
}
