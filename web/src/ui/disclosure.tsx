import { useEffect, useId, useRef, useState, type ReactNode, type RefObject } from "react";

import styles from "./disclosure.module.css";

/** A panel below its button. Escape, a click elsewhere, or focus elsewhere closes it. */
export function Disclosure({
  button,
  className,
  align = "start",
  children,
}: {
  /** What stands on the button. */
  button: ReactNode;
  className?: string;
  align?: "start" | "end";
  /** The panel; `close` puts the focus back on the button. */
  children: (close: () => void) => ReactNode;
}) {
  const id = useId();
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const trigger = useRef<HTMLButtonElement>(null);
  useOutside(box, open, () => setOpen(false));

  function close(): void {
    setOpen(false);
    trigger.current?.focus();
  }

  return (
    <div
      ref={box}
      className={styles.box}
      onKeyDown={(event) => {
        if (event.key === "Escape" && open) close();
      }}
    >
      <button
        ref={trigger}
        type="button"
        className={className}
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
      >
        {button}
      </button>
      {open && (
        <div id={id} className={`${styles.panel} ${styles[align]}`}>
          {children(close)}
        </div>
      )}
    </div>
  );
}

function useOutside(box: RefObject<HTMLElement | null>, active: boolean, leave: () => void): void {
  useEffect(() => {
    if (!active) return;
    const check = (event: Event) => {
      if (!box.current?.contains(event.target as Node)) leave();
    };
    document.addEventListener("pointerdown", check);
    document.addEventListener("focusin", check);
    return () => {
      document.removeEventListener("pointerdown", check);
      document.removeEventListener("focusin", check);
    };
  });
}
