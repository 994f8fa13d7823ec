import { Link } from "wouter";

import { graphql } from "../gql";
import type { ProductCardFragment } from "../gql/graphql";
import { Badge } from "../ui/badge";
import { countryName, voucherType } from "../ui/words";
import { discountOf, faceValuesOf } from "./denominations";
import styles from "./product-card.module.css";
import { Tile } from "./tile";

export const ProductCardParts = graphql(`
  fragment ProductCard on Product {
    id
    name
    brand
    country
    currency
    voucherType
    available
    provider {
      id
      displayName
    }
    denominations {
      ...DenominationParts
    }
  }
`);

/** One product of the list. */
export function ProductCard({ product }: { product: ProductCardFragment }) {
  const discount = discountOf(product.denominations);
  const facts = [
    product.provider.displayName,
    product.country && countryName(product.country),
    voucherType(product.voucherType),
  ];
  return (
    <article className={product.available ? styles.card : `${styles.card} ${styles.gone}`}>
      <Tile brand={product.brand} currency={product.currency} />
      <div className={styles.text}>
        <h2 className={styles.name}>
          <Link to={`/products/${product.id}`}>{product.name}</Link>
        </h2>
        <p className={styles.facts}>{facts.filter(Boolean).join(" · ")}</p>
        <div className={styles.foot}>
          <span className="numeric">{faceValuesOf(product.denominations)}</span>
          {product.available ? (
            discount !== "0" && (
              <Badge tone="good" plain>
                {discount}% off
              </Badge>
            )
          ) : (
            <Badge plain>Not available</Badge>
          )}
        </div>
      </div>
    </article>
  );
}
