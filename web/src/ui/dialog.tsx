import { useId, useLayoutEffect, useRef, type ReactNode } from "react";

import { Button } from "./button";
import styles from "./dialog.module.css";

/** A modal dialog: focus begins in its first field and stays inside, Escape and the backdrop close
 * it, then focus is where it was. Rendered only while open.
 */
export function Dialog({
  title,
  onClose,
  footer,
  children,
}: {
  title: ReactNode;
  onClose: () => void;
  /** The buttons, the main one last. */
  footer?: ReactNode;
  children: ReactNode;
}) {
  const id = useId();
  const element = useRef<HTMLDialogElement>(null);

  // Before the browser paints, and before the element is taken out: focus goes back only then.
  useLayoutEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    dialog?.querySelector<HTMLElement>("input, select, textarea")?.focus();
    return () => dialog?.close();
  }, []);

  return (
    <dialog
      ref={element}
      className={styles.dialog}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onPointerDown={(event) => {
        if (event.target === element.current) onClose();
      }}
    >
      <div className={styles.content}>
        <header className={styles.header}>
          <h2 id={id}>{title}</h2>
          <Button look="quiet" small icon="close" aria-label="Close" onClick={onClose} />
        </header>
        <div className={styles.body}>{children}</div>
        {footer && <footer className={styles.footer}>{footer}</footer>}
      </div>
    </dialog>
  );
}
