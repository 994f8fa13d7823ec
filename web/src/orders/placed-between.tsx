import { useState, type FormEvent } from "react";

import { Button } from "../ui/button";
import { TextField } from "../ui/field";
import styles from "./filter-bar.module.css";
import { dayBefore, type Wanted } from "./filters";

const RANGES: [label: string, days: number][] = [
  ["Today", 0],
  ["7 days", 6],
  ["30 days", 29],
];

/** The days between which an order was placed, both included. */
export function PlacedBetween({
  wanted,
  onChange,
}: {
  wanted: Wanted;
  onChange: (wanted: Wanted) => void;
}) {
  const [from, setFrom] = useState(wanted.from);
  const [to, setTo] = useState(wanted.to);
  const wrong = from && to && from > to ? "This is before the first day" : undefined;

  function submit(event: FormEvent): void {
    event.preventDefault();
    if (!wrong) onChange({ ...wanted, from, to });
  }

  return (
    <form className="stack" onSubmit={submit}>
      <div className={styles.ranges} role="group" aria-label="Lately">
        {RANGES.map(([label, days]) => (
          <Button
            key={label}
            small
            onClick={() => onChange({ ...wanted, from: dayBefore(days), to: "" })}
          >
            {label}
          </Button>
        ))}
      </div>
      <TextField
        label="First day"
        type="date"
        value={from}
        max={dayBefore(0)}
        onChange={(event) => setFrom(event.target.value)}
      />
      <TextField
        label="Last day"
        type="date"
        value={to}
        error={wrong}
        onChange={(event) => setTo(event.target.value)}
      />
      <Button look="primary" type="submit" wide>
        Apply
      </Button>
      {(wanted.from || wanted.to) && (
        <Button look="quiet" small onClick={() => onChange({ ...wanted, from: "", to: "" })}>
          Any time
        </Button>
      )}
    </form>
  );
}
