import { useQuery } from "urql";
import { useSearchParams } from "wouter";

import { graphql } from "../gql";
import type { CatalogQuery } from "../gql/graphql";
import { Button } from "../ui/button";
import { Card } from "../ui/card";
import { EmptyState } from "../ui/empty-state";
import { ErrorNotice } from "../ui/error-notice";
import { Page } from "../ui/page";
import { Pager, usePage } from "../ui/pager";
import styles from "./catalog-page.module.css";
import { FilterBar } from "./filter-bar";
import {
  countOf,
  filterOf,
  readWanted,
  sortOf,
  without,
  writeWanted,
  type Wanted,
} from "./filters";
import { ProductCard } from "./product-card";
import { SearchBox } from "./search-box";
import { FailedSources, SourceList } from "./sources";

const catalogQuery = graphql(`
  query Catalog(
    $first: Int
    $after: String
    $last: Int
    $before: String
    $filter: ProductFilter
    $sort: ProductSort
  ) {
    products(
      first: $first
      after: $after
      last: $last
      before: $before
      filter: $filter
      sort: $sort
    ) {
      totalCount
      nodes {
        ...ProductCard
      }
      pageInfo {
        hasNextPage
        hasPreviousPage
        startCursor
        endCursor
      }
      sources {
        ...SourceParts
      }
    }
  }
`);

const PAGE = 24;

/** The products of all providers: searched, narrowed, sorted, in pages. */
export function CatalogPage() {
  const [params, setParams] = useSearchParams();
  const wanted = readWanted(params);
  const { page, go } = usePage(PAGE);
  const [{ data, error, fetching }, again] = useQuery({
    query: catalogQuery,
    variables: { ...page, filter: filterOf(wanted), sort: sortOf(wanted) },
  });
  const refresh = () => again({ requestPolicy: "network-only" });
  const change = (next: Wanted) => setParams(writeWanted(next));
  const products = data?.products;

  return (
    <Page title="Catalog" lead={<Count products={products} fetching={fetching} />}>
      <div className="stack">
        <SearchBox
          value={wanted.search}
          onSearch={(search) =>
            setParams(writeWanted({ ...readWanted(params), search }), { replace: true })
          }
        />
        <FilterBar wanted={wanted} onChange={change} />
      </div>
      {error && <ErrorNotice error={error} what="The catalog" onRetry={refresh} />}
      {products && <FailedSources sources={products.sources} onRetry={refresh} />}
      {products && products.nodes.length === 0 && <Nothing wanted={wanted} onChange={change} />}
      <div className={fetching && products ? styles.waiting : undefined} aria-busy={fetching}>
        <ul className={styles.grid}>
          {products
            ? products.nodes.map((product) => (
                <li key={product.id}>
                  <ProductCard product={product} />
                </li>
              ))
            : !error &&
              Array.from({ length: 8 }, (_, place) => (
                <li key={place} className={styles.placeholder} aria-hidden="true" />
              ))}
        </ul>
      </div>
      {products && (
        <div>
          <Pager pageInfo={products.pageInfo} go={go} what="products" />
          <SourceList sources={products.sources} />
        </div>
      )}
    </Page>
  );
}

function Count({
  products,
  fetching,
}: {
  products: CatalogQuery["products"] | undefined;
  fetching: boolean;
}) {
  const count = products?.totalCount;
  const words =
    count === undefined || count === null
      ? "Gift cards of every provider"
      : `${count.toLocaleString("en")} ${count === 1 ? "product" : "products"}`;
  return <span role="status">{fetching && !products ? "Reading the catalog…" : words}</span>;
}

function Nothing({ wanted, onChange }: { wanted: Wanted; onChange: (wanted: Wanted) => void }) {
  return (
    <Card>
      <EmptyState
        icon="search"
        title="Nothing fits"
        action={
          <div className="row">
            {countOf(wanted) > 0 && (
              <Button onClick={() => onChange(without(wanted))}>Clear filters</Button>
            )}
            {wanted.search && (
              <Button onClick={() => onChange({ ...wanted, search: "" })}>Clear the search</Button>
            )}
          </div>
        }
      >
        Try other words, or fewer filters.
      </EmptyState>
    </Card>
  );
}
