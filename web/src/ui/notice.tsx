import type { ReactNode } from "react";

import { Icon, type IconName } from "./icon";
import styles from "./notice.module.css";

export type NoticeTone = "info" | "good" | "warn" | "bad";

const ICONS: Record<NoticeTone, IconName> = {
  info: "info",
  good: "check",
  warn: "alert",
  bad: "alert",
};

/** Something to know, in its place on the page. `announce` reads it out when it appears. */
export function Notice({
  tone = "info",
  title,
  actions,
  announce,
  children,
}: {
  tone?: NoticeTone;
  title?: ReactNode;
  actions?: ReactNode;
  announce?: boolean;
  children?: ReactNode;
}) {
  return (
    <div
      className={`${styles.notice} ${styles[tone]}`}
      role={announce ? (tone === "bad" ? "alert" : "status") : undefined}
    >
      <span className={styles.icon}>
        <Icon name={ICONS[tone]} size={20} />
      </span>
      <div className={styles.content}>
        {title && <p className={styles.title}>{title}</p>}
        {children && <div className={styles.text}>{children}</div>}
        {actions && <div className={styles.actions}>{actions}</div>}
      </div>
    </div>
  );
}
