import { useId, useState, type ReactNode } from "react";

import { Button } from "./button";
import styles from "./folded-filters.module.css";
import { Icon } from "./icon";

/** What narrows a list, and how to be rid of it; behind one button on a narrow screen. */
export function FoldedFilters({
  count,
  onClear,
  children,
}: {
  /** How many filters are set. */
  count: number;
  onClear: () => void;
  children: ReactNode;
}) {
  const [open, setOpen] = useState(false);
  const id = useId();
  return (
    <>
      <button
        type="button"
        className={styles.toggle}
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
      >
        <Icon name="filter" size={17} />
        Filters{count > 0 && ` (${count})`}
      </button>
      <div id={id} className={open ? `${styles.filters} ${styles.open}` : styles.filters}>
        {children}
        {count > 0 && (
          <Button look="quiet" small onClick={onClear}>
            Clear filters
          </Button>
        )}
      </div>
    </>
  );
}
