import type { FormEvent } from "react";

import { compareDecimals, isDecimal } from "../../ui/decimal";
import { TextField } from "../../ui/field";
import { focusFirstWrong } from "../focus";
import type { Typed } from "./top-up-dialog";
import styles from "./wallet.module.css";

/** How much of which currency, and for whom. */
export function TopUpFields({
  form,
  typed,
  asked,
  currencies,
  onType,
  onSubmit,
}: {
  form: string;
  typed: Typed;
  asked: boolean;
  currencies: readonly string[];
  onType: (typed: Typed) => void;
  onSubmit: () => void;
}) {
  const amount = typed.amount.trim();
  const wrongAmount = !isDecimal(amount)
    ? "An amount in figures, such as 1234.50."
    : compareDecimals(amount, "0") <= 0
      ? "More than nothing."
      : null;
  return (
    <form
      id={form}
      className="stack"
      noValidate
      onSubmit={(event: FormEvent<HTMLFormElement>) => {
        event.preventDefault();
        focusFirstWrong(event.currentTarget);
        onSubmit();
      }}
    >
      <div className={styles.pair}>
        <TextField
          label="Amount"
          inputMode="decimal"
          autoComplete="off"
          placeholder="1234.50"
          required
          value={typed.amount}
          error={asked && wrongAmount}
          onChange={(event) => onType({ ...typed, amount: event.target.value })}
        />
        <TextField
          label="Currency"
          list={`${form}-currencies`}
          autoComplete="off"
          maxLength={3}
          placeholder="INR"
          required
          value={typed.currency}
          error={asked && !/^[A-Z]{3}$/.test(typed.currency) && "Three letters, such as INR."}
          onChange={(event) => onType({ ...typed, currency: event.target.value.toUpperCase() })}
        />
        <datalist id={`${form}-currencies`}>
          {currencies.map((currency) => (
            <option key={currency} value={currency} />
          ))}
        </datalist>
      </div>
      <TextField
        label="Another account"
        hint="Its id; leave it empty for your own account."
        autoComplete="off"
        spellCheck={false}
        value={typed.account}
        onChange={(event) => onType({ ...typed, account: event.target.value })}
      />
    </form>
  );
}
