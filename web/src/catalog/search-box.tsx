import { useEffect, useRef, useState } from "react";

import { Button } from "../ui/button";
import { Icon } from "../ui/icon";
import styles from "./search-box.module.css";

const PAUSE_MS = 300;

/** Searches once somebody stops typing. */
export function SearchBox({
  value,
  onSearch,
}: {
  value: string;
  onSearch: (text: string) => void;
}) {
  const [typed, setTyped] = useState(value);
  const asked = useRef(value);
  const search = useRef(onSearch);
  useEffect(() => {
    search.current = onSearch;
  });

  // Back and Forward change the search from outside.
  useEffect(() => {
    if (value === asked.current) return;
    asked.current = value;
    setTyped(value);
  }, [value]);

  useEffect(() => {
    const text = typed.trim();
    if (text === asked.current) return;
    const timer = setTimeout(() => {
      asked.current = text;
      search.current(text);
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed]);

  return (
    <form
      role="search"
      className={styles.box}
      onSubmit={(event) => {
        event.preventDefault();
        asked.current = typed.trim();
        onSearch(asked.current);
      }}
    >
      <Icon name="search" size={20} />
      <label htmlFor="search" className="sr-only">
        Search products
      </label>
      <input
        id="search"
        type="search"
        className={styles.input}
        placeholder="Search brands, products, categories"
        autoComplete="off"
        maxLength={100}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      {typed && (
        <Button
          look="quiet"
          small
          icon="close"
          aria-label="Clear the search"
          onClick={() => setTyped("")}
        />
      )}
    </form>
  );
}
