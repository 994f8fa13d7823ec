import { useMemo } from "react";
import { useQuery } from "urql";

import { graphql } from "../../gql";
import type { AuditSubjectsQuery } from "../../gql/graphql";

const subjectsQuery = graphql(`
  query AuditSubjects($ids: [ID!]!) {
    nodes(ids: $ids) {
      __typename
      id
      ... on Order {
        reference
      }
      ... on Voucher {
        order {
          id
          reference
        }
      }
      ... on Fulfillment {
        fulfillmentReference: reference
        order {
          id
          reference
        }
      }
      ... on Provider {
        displayName
      }
    }
  }
`);

export type Subject = NonNullable<AuditSubjectsQuery["nodes"][number]>;
export type Subjects = ReadonlyMap<string, Subject>;

const NONE: Subjects = new Map();

/** What the ids of audit rows name, as far as the one who looks may see it. */
export function useSubjects(ids: readonly string[]): Subjects {
  const joined = [...new Set(ids)].sort().join(" ");
  const wanted = useMemo(() => joined.split(" ").filter(Boolean), [joined]);
  const [{ data }] = useQuery({
    query: subjectsQuery,
    variables: { ids: wanted },
    pause: wanted.length === 0,
    requestPolicy: "cache-first",
  });
  return useMemo(
    () =>
      data ? new Map(data.nodes.flatMap((node) => (node ? [[node.id, node] as const] : []))) : NONE,
    [data],
  );
}
