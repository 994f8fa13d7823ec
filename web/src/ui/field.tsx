import {
  useId,
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
} from "react";

import styles from "./field.module.css";
import { Icon } from "./icon";

interface Labels {
  label: ReactNode;
  /** What is expected, below the control. */
  hint?: ReactNode;
  /** What is wrong with the value; read out when it appears. */
  error?: ReactNode;
  /** The label is for screen readers only. */
  labelHidden?: boolean;
}

interface Wiring {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": true | undefined;
}

/** A label, a control and what is said about it, wired for screen readers. */
export function Field({
  label,
  hint,
  error,
  labelHidden,
  children,
}: Labels & { children: (wiring: Wiring) => ReactNode }) {
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  return (
    <div className={styles.field}>
      <label htmlFor={id} className={labelHidden ? "sr-only" : styles.label}>
        {label}
      </label>
      {children({
        id,
        "aria-describedby": described || undefined,
        "aria-invalid": error ? true : undefined,
      })}
      {hint && (
        <p id={`${id}-hint`} className={styles.hint}>
          {hint}
        </p>
      )}
      <p id={`${id}-error`} className={styles.error} role="alert" hidden={!error}>
        {error}
      </p>
    </div>
  );
}

export function TextField({
  label,
  hint,
  error,
  labelHidden,
  ...input
}: Labels & InputHTMLAttributes<HTMLInputElement>) {
  return (
    <Field {...{ label, hint, error, labelHidden }}>
      {(wiring) => <input type="text" {...input} {...wiring} className={styles.control} />}
    </Field>
  );
}

export function TextArea({
  label,
  hint,
  error,
  labelHidden,
  ...input
}: Labels & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  return (
    <Field {...{ label, hint, error, labelHidden }}>
      {(wiring) => (
        <textarea rows={3} {...input} {...wiring} className={`${styles.control} ${styles.area}`} />
      )}
    </Field>
  );
}

export interface Option {
  value: string;
  label: string;
  disabled?: boolean;
}

export function SelectField({
  label,
  hint,
  error,
  labelHidden,
  options,
  ...select
}: Labels & { options: readonly Option[] } & SelectHTMLAttributes<HTMLSelectElement>) {
  return (
    <Field {...{ label, hint, error, labelHidden }}>
      {(wiring) => (
        <span className={styles.selectBox}>
          <select {...select} {...wiring} className={`${styles.control} ${styles.select}`}>
            {options.map((option) => (
              <option key={option.value} value={option.value} disabled={option.disabled}>
                {option.label}
              </option>
            ))}
          </select>
          <Icon name="chevronDown" size={16} />
        </span>
      )}
    </Field>
  );
}

export function CheckField({
  label,
  ...input
}: { label: ReactNode } & InputHTMLAttributes<HTMLInputElement>) {
  return (
    <label className={styles.check}>
      <input type="checkbox" {...input} />
      <span>{label}</span>
    </label>
  );
}
