import { useMemo } from "react";

import styles from "./html.module.css";

/** HTML that the service has sanitized. The page's policy lets no script or foreign picture run. */
export function Html({ html }: { html: string }) {
  return <div className={styles.html} dangerouslySetInnerHTML={{ __html: html }} />;
}

/** The words of a text that may hold markup. */
export function Words({ html }: { html: string }) {
  const text = useMemo(
    () => new DOMParser().parseFromString(html, "text/html").body.textContent?.trim() ?? "",
    [html],
  );
  return <>{text}</>;
}
