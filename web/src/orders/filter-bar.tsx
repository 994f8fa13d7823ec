import { useState } from "react";
import { useQuery } from "urql";

import { graphql } from "../gql";
import { Button } from "../ui/button";
import { FilterMenu, FilterPill } from "../ui/filter-menu";
import { Icon } from "../ui/icon";
import { formatDay } from "../ui/instant";
import styles from "./filter-bar.module.css";
import { countOf, everything, statuses, type Wanted } from "./filters";
import { PlacedBetween } from "./placed-between";
import { ReferenceSearch } from "./reference-search";

const providersQuery = graphql(`
  query OrderProviders {
    providers {
      id
      name
      displayName
    }
  }
`);

interface Part {
  wanted: Wanted;
  onChange: (wanted: Wanted) => void;
}

/** What narrows the list of orders; behind one button on a narrow screen. */
export function FilterBar({ wanted, onChange }: Part) {
  const [open, setOpen] = useState(false);
  const count = countOf(wanted);
  return (
    <div className={styles.bar} role="search" aria-label="Orders">
      <ReferenceSearch
        value={wanted.reference}
        onSearch={(reference) => onChange({ ...wanted, reference })}
      />
      <button
        type="button"
        className={styles.toggle}
        aria-expanded={open}
        aria-controls="order-filters"
        onClick={() => setOpen(!open)}
      >
        <Icon name="filter" size={17} />
        Filters{count > 0 && ` (${count})`}
      </button>
      <div
        id="order-filters"
        className={open ? `${styles.filters} ${styles.open}` : styles.filters}
      >
        <Filters wanted={wanted} onChange={onChange} />
        {count > 0 && (
          <Button look="quiet" small onClick={() => onChange(everything())}>
            Clear filters
          </Button>
        )}
      </div>
    </div>
  );
}

function Filters({ wanted, onChange }: Part) {
  const [{ data }] = useQuery({ query: providersQuery, requestPolicy: "cache-first" });
  const providers = (data?.providers ?? []).map(({ name, displayName }) => ({
    value: name,
    label: displayName,
  }));
  return (
    <>
      <FilterMenu
        name="Status"
        options={statuses}
        values={wanted.status}
        onChange={(status) => onChange({ ...wanted, status })}
      />
      <FilterMenu
        name="Provider"
        options={providers}
        values={wanted.provider}
        onChange={(provider) => onChange({ ...wanted, provider })}
      />
      <FilterPill name="Placed" chosen={between(wanted)}>
        {(close) => (
          <PlacedBetween
            wanted={wanted}
            onChange={(next) => {
              onChange(next);
              close();
            }}
          />
        )}
      </FilterPill>
    </>
  );
}

function between({ from, to }: Wanted): string {
  if (from && from === to) return formatDay(from);
  if (from && to) return `${formatDay(from)} to ${formatDay(to)}`;
  if (from) return `since ${formatDay(from)}`;
  return to ? `until ${formatDay(to)}` : "";
}
