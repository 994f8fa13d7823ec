import { useQuery } from "urql";

import { graphql } from "../gql";
import { FilterMenu } from "../ui/filter-menu";

const providersQuery = graphql(`
  query ProviderMenu {
    providers {
      id
      name
      displayName
    }
  }
`);

/** Any of the providers. */
export function ProviderMenu({
  values,
  onChange,
}: {
  values: readonly string[];
  onChange: (values: string[]) => void;
}) {
  const [{ data }] = useQuery({ query: providersQuery, requestPolicy: "cache-first" });
  const options = (data?.providers ?? []).map(({ name, displayName }) => ({
    value: name,
    label: displayName,
  }));
  return <FilterMenu name="Provider" options={options} values={values} onChange={onChange} />;
}
