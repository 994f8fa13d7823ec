import type { ReactNode } from "react";
import { Link } from "wouter";

import { useSession } from "../session/session";
import { AccountMenu } from "./account-menu";
import { LiveIndicator } from "./live-indicator";
import { Mark } from "./mark";
import { Navigation } from "./navigation";
import styles from "./shell.module.css";

/** What stands around every page: where one can go, who one is, whether news arrive. */
export function Shell({ children }: { children: ReactNode }) {
  const { rights } = useSession();
  return (
    <>
      <a className={styles.skip} href="#main">
        Skip to content
      </a>
      <header className={styles.header}>
        <div className={styles.bar}>
          <Link to="/" className={styles.home} aria-label="Vouchergraph, start page">
            <Mark compact />
          </Link>
          <Navigation />
          <div className={styles.end}>
            {rights.orders && <LiveIndicator />}
            <AccountMenu />
          </div>
        </div>
      </header>
      <main id="main" className={styles.main} tabIndex={-1}>
        {children}
      </main>
    </>
  );
}
