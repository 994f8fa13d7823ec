import { useEffect, useId, useState } from "react";

import { Button } from "./button";
import styles from "./stepper.module.css";

/** A whole number, by buttons or typed; what is typed counts once it is left or entered. */
export function Stepper({
  label,
  value,
  min = 1,
  max,
  disabled,
  onChange,
}: {
  /** For screen readers: "Quantity of …". */
  label: string;
  value: number;
  min?: number;
  max?: number | null;
  disabled?: boolean;
  onChange: (value: number) => void;
}) {
  const id = useId();
  const [typed, setTyped] = useState(String(value));
  useEffect(() => setTyped(String(value)), [value]);
  const most = max ?? Number.MAX_SAFE_INTEGER;

  function take(wanted: number): void {
    const within = Number.isInteger(wanted) ? Math.min(most, Math.max(min, wanted)) : value;
    setTyped(String(within));
    if (within !== value) onChange(within);
  }

  return (
    <div className={styles.stepper} role="group" aria-labelledby={id}>
      <span id={id} className="sr-only">
        {label}
      </span>
      <Button
        look="quiet"
        small
        icon="minus"
        aria-label="One less"
        disabled={disabled || value <= min}
        onClick={() => take(value - 1)}
      />
      <input
        className={styles.input}
        aria-label={label}
        inputMode="numeric"
        value={typed}
        disabled={disabled}
        onChange={(event) => setTyped(event.target.value.replace(/\D/g, "").slice(0, 6))}
        onBlur={() => take(typed ? Number(typed) : value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") take(typed ? Number(typed) : value);
        }}
      />
      <Button
        look="quiet"
        small
        icon="plus"
        aria-label="One more"
        disabled={disabled || value >= most}
        onClick={() => take(value + 1)}
      />
    </div>
  );
}
