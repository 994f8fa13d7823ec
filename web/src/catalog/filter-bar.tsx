import { useState, type FormEvent } from "react";

import { Button } from "../ui/button";
import { TextField } from "../ui/field";
import { FilterMenu, FilterPill } from "../ui/filter-menu";
import { FoldedFilters } from "../ui/folded-filters";
import { Icon } from "../ui/icon";
import { isDecimal } from "../ui/decimal";
import { countries, currencies, voucherTypes } from "./choices";
import styles from "./filter-bar.module.css";
import { countOf, without, type Wanted } from "./filters";
import { ProviderMenu } from "./provider-menu";

/** The service sorts by match where something is searched for, else by name. */
function sortsFor({ search }: Wanted): [value: string, label: string][] {
  const others: [string, string][] = [
    ["BRAND", "By brand"],
    ["DISCOUNT", "Largest discount first"],
  ];
  return search
    ? [["", "Best match first"], ["NAME", "By name"], ...others]
    : [["", "By name"], ...others];
}

interface Part {
  wanted: Wanted;
  onChange: (wanted: Wanted) => void;
}

/** What narrows the list, and its order. */
export function FilterBar({ wanted, onChange }: Part) {
  return (
    <div className={styles.bar}>
      <FoldedFilters count={countOf(wanted)} onClear={() => onChange(without(wanted))}>
        <Filters wanted={wanted} onChange={onChange} />
      </FoldedFilters>
      <div className={styles.sort}>
        <label htmlFor="sort" className="sr-only">
          Sort
        </label>
        <select
          id="sort"
          value={wanted.search || wanted.sort !== "NAME" ? wanted.sort : ""}
          onChange={(event) => onChange({ ...wanted, sort: event.target.value })}
        >
          {sortsFor(wanted).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
        <Icon name="chevronDown" size={15} />
      </div>
    </div>
  );
}

function Filters({ wanted, onChange }: Part) {
  return (
    <>
      <ProviderMenu
        values={wanted.provider}
        onChange={(provider) => onChange({ ...wanted, provider })}
      />
      <FilterMenu
        name="Country"
        options={countries}
        values={wanted.country}
        onChange={(country) => onChange({ ...wanted, country })}
      />
      <FilterMenu
        name="Currency"
        options={currencies}
        values={wanted.currency}
        onChange={(currency) => onChange({ ...wanted, currency })}
      />
      <FilterMenu
        name="Type"
        options={voucherTypes}
        values={wanted.type}
        onChange={(type) => onChange({ ...wanted, type })}
      />
      <FilterPill name="Face value" chosen={between(wanted)}>
        {(close) => (
          <FaceValues
            wanted={wanted}
            onChange={(next) => {
              onChange(next);
              close();
            }}
          />
        )}
      </FilterPill>
      <button
        type="button"
        className={styles.switch}
        aria-pressed={wanted.available}
        onClick={() => onChange({ ...wanted, available: !wanted.available })}
      >
        {wanted.available && <Icon name="check" size={15} />}
        Available now
      </button>
    </>
  );
}

function FaceValues({ wanted, onChange }: Part) {
  const [min, setMin] = useState(wanted.min);
  const [max, setMax] = useState(wanted.max);
  const wrong = (text: string) => (text && !isDecimal(text) ? "Such as 500 or 12.50" : undefined);

  function submit(event: FormEvent): void {
    event.preventDefault();
    if (!wrong(min) && !wrong(max)) onChange({ ...wanted, min, max });
  }

  return (
    <form className="stack" onSubmit={submit}>
      <TextField
        label="At least"
        inputMode="decimal"
        value={min}
        error={wrong(min)}
        onChange={(event) => setMin(event.target.value.trim())}
      />
      <TextField
        label="At most"
        inputMode="decimal"
        hint="In the product's own currency"
        value={max}
        error={wrong(max)}
        onChange={(event) => setMax(event.target.value.trim())}
      />
      <Button look="primary" type="submit" wide>
        Apply
      </Button>
    </form>
  );
}

function between({ min, max }: Wanted): string {
  if (min && max) return `${min} to ${max}`;
  if (min) return `from ${min}`;
  return max ? `up to ${max}` : "";
}
