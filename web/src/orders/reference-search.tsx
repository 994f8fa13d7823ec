import { useEffect, useState } from "react";

import { Button } from "../ui/button";
import { Icon } from "../ui/icon";
import styles from "./filter-bar.module.css";

/** Finds an order by its reference, ours or a provider's: whole, and once it is entered. */
export function ReferenceSearch({
  value,
  onSearch,
}: {
  value: string;
  onSearch: (reference: string) => void;
}) {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);

  return (
    <form
      className={styles.reference}
      onSubmit={(event) => {
        event.preventDefault();
        onSearch(typed.trim());
      }}
    >
      <Icon name="search" size={17} />
      <input
        type="search"
        aria-label="Reference"
        placeholder="Reference, such as VG-…"
        autoComplete="off"
        autoCapitalize="characters"
        spellCheck={false}
        maxLength={200}
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
          if (!event.target.value && value) onSearch("");
        }}
      />
      <Button look="quiet" small type="submit" disabled={typed.trim() === value}>
        Find
      </Button>
    </form>
  );
}
