import { useSearchParams } from "wouter";

import { Button } from "./button";
import styles from "./pager.module.css";

export interface PageInfoParts {
  hasNextPage: boolean;
  hasPreviousPage: boolean;
  startCursor?: string | null;
  endCursor?: string | null;
}

export interface PageArguments {
  first?: number;
  after?: string;
  last?: number;
  before?: string;
}

/** A page of a list whose place stands in the address, as `after` or `before` (with a prefix where
 * a page shows several lists), so that links and the Back button work.
 */
export function usePage(size: number, prefix = "") {
  const [params, setParams] = useSearchParams();
  const after = params.get(`${prefix}after`);
  const before = params.get(`${prefix}before`);
  const page: PageArguments = before
    ? { last: size, before }
    : { first: size, ...(after ? { after } : {}) };

  function go(place: "after" | "before", cursor: string): void {
    setParams((current) => {
      const next = new URLSearchParams(current);
      next.delete(`${prefix}after`);
      next.delete(`${prefix}before`);
      next.set(prefix + place, cursor);
      return next;
    });
  }

  return { page, isFirst: !after && !before, go };
}

/** Previous and next; nothing where all is on one page. */
export function Pager({
  pageInfo,
  go,
  what,
}: {
  pageInfo: PageInfoParts;
  go: (place: "after" | "before", cursor: string) => void;
  /** What is listed, as in "products". */
  what: string;
}) {
  const { hasNextPage, hasPreviousPage, startCursor, endCursor } = pageInfo;
  if (!hasNextPage && !hasPreviousPage) return null;
  return (
    <nav className={styles.pager} aria-label={`Pages of ${what}`}>
      <Button
        icon="chevronLeft"
        disabled={!hasPreviousPage || !startCursor}
        onClick={() => startCursor && go("before", startCursor)}
      >
        Previous
      </Button>
      <Button
        disabled={!hasNextPage || !endCursor}
        onClick={() => endCursor && go("after", endCursor)}
      >
        Next
      </Button>
    </nav>
  );
}
