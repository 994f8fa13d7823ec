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

/** Which of these orders belong to the account that is signed in: only they have a page here.
 * Null before that is known.
 */
export function useMine(orderIds: readonly string[]): ReadonlySet<string> | null {
  const joined = [...new Set(orderIds)].sort().join(" ");
  const ids = useMemo(() => joined.split(" ").filter(Boolean), [joined]);
  const [{ data }] = useQuery({
    query: mineQuery,
    variables: { ids },
    pause: ids.length === 0,
    requestPolicy: "cache-first",
  });
  return useMemo(
    () => (data ? new Set(data.nodes.flatMap((node) => (node ? [node.id] : []))) : null),
    [data],
  );
}
