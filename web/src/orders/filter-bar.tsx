import { ProviderMenu } from "../catalog/provider-menu";
import { FilterMenu, FilterPill } from "../ui/filter-menu";
import { FoldedFilters } from "../ui/folded-filters";
import { formatDay } from "../ui/instant";
import styles from "./filter-bar.module.css";
import { countOf, everything, statuses, type Wanted } from "./filters";
import { PlacedBetween } from "./placed-between";
import { ReferenceSearch } from "./reference-search";

interface Part {
  wanted: Wanted;
  onChange: (wanted: Wanted) => void;
}

/** What narrows the list of orders. */
export function FilterBar({ wanted, onChange }: Part) {
  return (
    <div className={styles.bar} role="search" aria-label="Orders">
      <ReferenceSearch
        value={wanted.reference}
        onSearch={(reference) => onChange({ ...wanted, reference })}
      />
      <FoldedFilters count={countOf(wanted)} onClear={() => onChange(everything())}>
        <Filters wanted={wanted} onChange={onChange} />
      </FoldedFilters>
    </div>
  );
}

function Filters({ wanted, onChange }: Part) {
  return (
    <>
      <FilterMenu
        name="Status"
        options={statuses}
        values={wanted.status}
        onChange={(status) => onChange({ ...wanted, status })}
      />
      <ProviderMenu
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
