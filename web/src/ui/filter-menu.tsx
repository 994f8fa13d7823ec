import { useState, type ReactNode } from "react";

import { Button } from "./button";
import { Disclosure } from "./disclosure";
import { CheckField, TextField, type Option } from "./field";
import styles from "./filter-menu.module.css";
import { Icon } from "./icon";

const SEARCHABLE = 12;

/** A button that says what is chosen, over a panel to choose. */
export function FilterPill({
  name,
  chosen,
  children,
}: {
  name: string;
  /** What is chosen, in words; empty: everything. */
  chosen: string;
  children: (close: () => void) => ReactNode;
}) {
  return (
    <Disclosure
      className={chosen ? `${styles.pill} ${styles.active}` : styles.pill}
      button={
        <>
          <span className={styles.words}>{chosen ? `${name}: ${chosen}` : name}</span>
          <Icon name="chevronDown" size={15} />
        </>
      }
    >
      {(close) => <div className={styles.panel}>{children(close)}</div>}
    </Disclosure>
  );
}

/** Any of several values; nothing chosen means all of them. */
export function FilterMenu({
  name,
  options,
  values,
  onChange,
}: {
  name: string;
  options: readonly Option[];
  values: readonly string[];
  onChange: (values: string[]) => void;
}) {
  const labels = options.filter(({ value }) => values.includes(value)).map(({ label }) => label);
  const chosen = labels.length > 1 ? `${labels[0]} +${labels.length - 1}` : (labels[0] ?? "");
  return (
    <FilterPill name={name} chosen={chosen}>
      {() => <Choices {...{ name, options, values, onChange }} />}
    </FilterPill>
  );
}

function Choices({
  name,
  options,
  values,
  onChange,
}: {
  name: string;
  options: readonly Option[];
  values: readonly string[];
  onChange: (values: string[]) => void;
}) {
  const [typed, setTyped] = useState("");
  // What was chosen when the panel opened stands first, and stays where it is while it is open.
  const [sorted] = useState(() => [
    ...options.filter(({ value }) => values.includes(value)),
    ...options.filter(({ value }) => !values.includes(value)),
  ]);
  const found = sorted.filter(({ label, value }) =>
    `${label} ${value}`.toLowerCase().includes(typed.trim().toLowerCase()),
  );
  return (
    <fieldset className="stack stack-tight">
      <legend className="sr-only">{name}</legend>
      {options.length > SEARCHABLE && (
        <TextField
          label={`Find in ${name.toLowerCase()}`}
          labelHidden
          type="search"
          placeholder="Find…"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      )}
      <div className={styles.choices}>
        {found.map(({ value, label }) => (
          <CheckField
            key={value}
            label={label}
            checked={values.includes(value)}
            onChange={(event) =>
              onChange(
                event.target.checked
                  ? [...values, value]
                  : values.filter((other) => other !== value),
              )
            }
          />
        ))}
        {found.length === 0 && <p className="small faint">Nothing is called that.</p>}
      </div>
      {values.length > 0 && (
        <Button look="quiet" small onClick={() => onChange([])}>
          Clear
        </Button>
      )}
    </fieldset>
  );
}
