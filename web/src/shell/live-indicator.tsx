import { useLive } from "../session/live";
import styles from "./live-indicator.module.css";

const WORDS = {
  live: ["Live", "Orders are followed as they happen"],
  connecting: ["Connecting", "The live connection is being made"],
  reconnecting: ["Reconnecting", "The connection was lost; what was missed is made up for"],
  off: ["Not live", "Orders are not followed"],
} as const;

/** Whether what happens to orders arrives as it happens. */
export function LiveIndicator() {
  const { state } = useLive();
  const [word, meaning] = WORDS[state];
  return (
    <span className={`${styles.indicator} ${styles[state]}`} role="status" title={meaning}>
      <span className={styles.dot} aria-hidden="true" />
      <span className={styles.word}>{word}</span>
    </span>
  );
}
