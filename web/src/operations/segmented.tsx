import { useId } from "react";

import styles from "./segmented.module.css";

export interface Segment<Value extends string> {
  value: Value;
  label: string;
}

/** One of a few, side by side; arrow keys move between them. */
export function Segmented<Value extends string>({
  label,
  segments,
  value,
  onChange,
}: {
  /** For screen readers. */
  label: string;
  segments: readonly Segment<Value>[];
  value: Value;
  onChange: (value: Value) => void;
}) {
  const name = useId();
  return (
    <fieldset className={styles.segments}>
      <legend className="sr-only">{label}</legend>
      {segments.map((segment) => (
        <label key={segment.value} className={styles.segment}>
          <input
            type="radio"
            name={name}
            className="sr-only"
            checked={segment.value === value}
            onChange={() => onChange(segment.value)}
          />
          <span>{segment.label}</span>
        </label>
      ))}
    </fieldset>
  );
}
