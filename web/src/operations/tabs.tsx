import { Link, useLocation } from "wouter";

import { useHealth } from "./health/health";
import type { Part } from "./parts";
import styles from "./tabs.module.css";

/** The parts of the operations, below the console's own navigation. */
export function Tabs({ parts }: { parts: readonly Part[] }) {
  const [location] = useLocation();
  const { providers } = useHealth();
  const waiting = providers?.reduce((sum, { health }) => sum + (health?.needsReview ?? 0), 0);
  return (
    <nav className={styles.tabs} aria-label="Sections">
      <ul className={styles.list}>
        {parts.map(({ to, label }) => (
          <li key={to}>
            <Link
              to={to}
              className={styles.tab}
              aria-current={location === to ? "page" : undefined}
            >
              {label}
              {label === "Review" && waiting ? (
                <span className={styles.count}>
                  {waiting}
                  <span className="sr-only"> waiting</span>
                </span>
              ) : null}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
