import { useMemo } from "react";
import { useQuery } from "urql";

import { graphql } from "../gql";

const mineQuery = graphql(`
  query OrdersOfMine($ids: [ID!]!) {
    nodes(ids: $ids) {
      id
    }
  }
`);

const NONE: ReadonlySet<string> = new Set();

/** Which of these orders belong to the account that is signed in: only they have a page here. */
export function useMine(orderIds: readonly string[]): ReadonlySet<string> {
  const joined = [...new Set(orderIds)].sort().join(" ");
  const ids = useMemo(() => joined.split(" ").filter(Boolean), [joined]);
  const [{ data }] = useQuery({
    query: mineQuery,
    variables: { ids },
    pause: ids.length === 0,
    requestPolicy: "cache-first",
  });
  return useMemo(
    () => (data ? new Set(data.nodes.flatMap((node) => (node ? [node.id] : []))) : NONE),
    [data],
  );
}
