import { useQuery } from "urql";

import { graphql } from "../gql";
import type { ProductPageQuery } from "../gql/graphql";
import { useRights } from "../session/session";
import { Badge } from "../ui/badge";
import { ButtonLink } from "../ui/button";
import { Card, Facts } from "../ui/card";
import { EmptyState } from "../ui/empty-state";
import { ErrorNotice } from "../ui/error-notice";
import { Html, Words } from "../ui/html";
import { Instant } from "../ui/instant";
import { Page, Skeleton } from "../ui/page";
import { countryName, deliverySpeed, voucherType } from "../ui/words";
import { AddToCart } from "./add-to-cart";
import { FaceValueTable } from "./face-value-table";
import styles from "./product-page.module.css";
import { Tile } from "./tile";

const productQuery = graphql(`
  query ProductPage($id: ID!) {
    product(id: $id) {
      ...AddToCartProduct
      sku
      brand
      description
      categories
      country
      currency
      voucherType
      deliverySpeed
      validity
      terms
      howToRedeem
      asOf
      provider {
        id
        displayName
      }
    }
  }
`);

type Product = NonNullable<ProductPageQuery["product"]>;
const BACK = { to: "/", label: "Catalog" };

/** Everything about one product, and the way into the cart. */
export function ProductPage({ id }: { id: string }) {
  const [{ data, error, fetching }, again] = useQuery({ query: productQuery, variables: { id } });
  const product = data?.product;
  if (product) return <ProductView product={product} />;
  return (
    <Page title="Product" back={BACK}>
      {error ? (
        <ErrorNotice
          error={error}
          what="This product"
          onRetry={() => again({ requestPolicy: "network-only" })}
        />
      ) : (
        <Card>{fetching ? <Skeleton lines={5} /> : <Gone />}</Card>
      )}
    </Page>
  );
}

function ProductView({ product }: { product: Product }) {
  const rights = useRights();
  return (
    <Page
      title={product.name}
      back={BACK}
      lead={
        <span className="row">
          <span>
            {product.brand === product.name ? "" : `${product.brand} · `}
            {product.provider.displayName}
          </span>
          {!product.available && <Badge tone="warn">Not available now</Badge>}
        </span>
      }
    >
      <div className="with-aside aside-first">
        <div className="stack stack-wide">
          <Card>
            <div className={styles.intro}>
              <div className={styles.tile}>
                <Tile brand={product.brand} currency={product.currency} />
              </div>
              <ProductFacts product={product} />
            </div>
          </Card>
          <FaceValueTable offered={product.denominations} />
          {product.description && <Prose title="About it" html={product.description} />}
          {product.howToRedeem && <Prose title="How to redeem" html={product.howToRedeem} />}
          {product.terms && <Prose title="Terms" html={product.terms} />}
        </div>
        <aside aria-label="Buy it">
          {rights.cart ? (
            <AddToCart product={product} />
          ) : (
            <Card>
              <p className="soft">Your key can look at products, and not buy them.</p>
            </Card>
          )}
        </aside>
      </div>
    </Page>
  );
}

function ProductFacts({ product }: { product: Product }) {
  return (
    <Facts
      facts={[
        ["What you get", voucherType(product.voucherType)],
        ["Delivery", deliverySpeed(product.deliverySpeed)],
        ["Validity", product.validity && <Words html={product.validity} />],
        ["Country", product.country && countryName(product.country)],
        ["Currency", product.currency],
        ["Categories", product.categories.join(", ")],
        ["Product number", <span className="mono">{product.sku}</span>],
        ["Read from the provider", <Instant at={product.asOf} />],
      ]}
    />
  );
}

function Prose({ title, html }: { title: string; html: string }) {
  return (
    <Card title={title}>
      <Html html={html} />
    </Card>
  );
}

function Gone() {
  return (
    <EmptyState
      icon="search"
      title="This product is not listed"
      action={<ButtonLink to="/">Go to the catalog</ButtonLink>}
    >
      Its provider may have taken it out of the catalog.
    </EmptyState>
  );
}
