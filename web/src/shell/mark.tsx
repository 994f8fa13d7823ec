import styles from "./mark.module.css";

/** The product's sign and name. */
export function Mark({ compact }: { compact?: boolean }) {
  return (
    <span className={compact ? `${styles.mark} ${styles.compact}` : styles.mark}>
      <svg viewBox="0 0 32 32" width="30" height="30" aria-hidden="true" focusable="false">
        <rect className={styles.tile} width="32" height="32" rx="8" />
        <path
          className={styles.ticket}
          d="M7 11a2 2 0 0 1 2-2h14a2 2 0 0 1 2 2v2.5a2.5 2.5 0 0 0 0 5V21a2 2 0 0 1-2 2H9a2 2 0 0 1-2-2v-2.5a2.5 2.5 0 0 0 0-5z"
        />
        <path className={styles.tick} d="m12.5 16.2 2.5 2.5 4.7-5" />
      </svg>
      <span className={styles.name}>Vouchergraph</span>
    </span>
  );
}
