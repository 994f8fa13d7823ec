import { useId } from "react";

import type { DenominationPartsFragment } from "../gql/graphql";
import { SelectField, TextField } from "../ui/field";
import { formatMoney } from "../ui/money";
import { discountOf, faceValuesOf } from "./denominations";
import styles from "./face-value-field.module.css";
import { suggestionsOf } from "./face-values";

interface Part<Offered = DenominationPartsFragment> {
  offered: Offered;
  value: string;
  error: string | null;
  onChange: (value: string) => void;
}

const AS_BUTTONS = 12;

/** One of the face values that are sold, or any within a range. */
export function FaceValueField({ offered, ...part }: Part) {
  return offered.__typename === "FixedDenominations" ? (
    <FixedField offered={offered} {...part} />
  ) : (
    <RangeField offered={offered} {...part} />
  );
}

function FixedField({
  offered,
  value,
  error,
  onChange,
}: Part<Extract<DenominationPartsFragment, { __typename: "FixedDenominations" }>>) {
  const name = useId();
  if (offered.values.length > AS_BUTTONS) {
    return (
      <SelectField
        label="Face value"
        value={value}
        error={error}
        onChange={(event) => onChange(event.target.value)}
        options={offered.values.map(({ faceValue }) => ({
          value: faceValue.amount,
          label: formatMoney(faceValue, true),
        }))}
      />
    );
  }
  return (
    <fieldset>
      <legend className={styles.legend}>Face value</legend>
      <div className={styles.values}>
        {offered.values.map(({ faceValue }) => (
          <label key={faceValue.amount} className={styles.value}>
            <input
              type="radio"
              className="sr-only"
              name={name}
              checked={value === faceValue.amount}
              onChange={() => onChange(faceValue.amount)}
            />
            {formatMoney(faceValue, true)}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function RangeField({
  offered,
  value,
  error,
  onChange,
}: Part<Extract<DenominationPartsFragment, { __typename: "DenominationRange" }>>) {
  const off = discountOf(offered);
  const hint = [
    faceValuesOf(offered),
    offered.step && `in steps of ${offered.step}`,
    off !== "0" && `${off}% off`,
  ];
  return (
    <div className="stack stack-tight">
      <TextField
        label={`Face value in ${offered.min.currency}`}
        inputMode="decimal"
        autoComplete="off"
        value={value}
        error={error}
        hint={hint.filter(Boolean).join(", ")}
        onChange={(event) => onChange(event.target.value.trim())}
      />
      <div className={styles.values} role="group" aria-label="Round face values">
        {suggestionsOf(offered).map((amount) => (
          <button
            key={amount}
            type="button"
            className={styles.value}
            aria-pressed={value === amount}
            onClick={() => onChange(amount)}
          >
            {formatMoney({ amount, currency: offered.min.currency }, true)}
          </button>
        ))}
      </div>
    </div>
  );
}
