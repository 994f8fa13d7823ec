import { useEffect, useRef, type ReactNode } from "react";
import { Link } from "wouter";

import { Icon } from "./icon";
import styles from "./page.module.css";

// The first page keeps the browser's own focus; after that a new page's heading takes it, so that
// screen readers and the keyboard begin there.
let arrived = false;

/** One page: its heading, which is also the document's title, and its content. */
export function Page({
  title,
  heading,
  back,
  lead,
  actions,
  children,
}: {
  /** For the document's title, and the heading unless that is given apart. */
  title: string;
  heading?: ReactNode;
  /** The page that this one is below. */
  back?: { to: string; label: string };
  lead?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}) {
  const element = useRef<HTMLHeadingElement>(null);

  useEffect(() => {
    document.title = `${title} · Vouchergraph`;
  }, [title]);

  useEffect(() => {
    if (arrived) {
      window.scrollTo(0, 0);
      element.current?.focus({ preventScroll: true });
    }
    arrived = true;
  }, []);

  return (
    <div className={styles.page}>
      {back && (
        <Link to={back.to} className={styles.back}>
          <Icon name="arrowLeft" size={16} />
          {back.label}
        </Link>
      )}
      <header className={styles.header}>
        <div className={styles.titles}>
          <h1 ref={element} tabIndex={-1}>
            {heading ?? title}
          </h1>
          {lead && <div className={styles.lead}>{lead}</div>}
        </div>
        {actions && <div className={styles.actions}>{actions}</div>}
      </header>
      {children}
    </div>
  );
}

/** Grey shapes in the place of what is being read. */
export function Skeleton({ lines = 3, label = "Loading" }: { lines?: number; label?: string }) {
  return (
    <div className={styles.skeleton} role="status" aria-label={label}>
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} />
      ))}
    </div>
  );
}
