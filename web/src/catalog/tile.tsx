import type { CSSProperties } from "react";

import styles from "./tile.module.css";

/** A gift card's face in the brand's own hue; the catalog's pictures are on hosts that we do not ask. */
export function Tile({ brand, currency }: { brand: string; currency: string }) {
  return (
    <div
      className={styles.tile}
      style={{ "--hue": hueOf(brand) } as CSSProperties}
      aria-hidden="true"
    >
      <span className={styles.initials}>{initialsOf(brand)}</span>
      <span className={styles.currency}>{currency}</span>
    </div>
  );
}

function initialsOf(brand: string): string {
  return brand
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean)
    .slice(0, 2)
    .map((word) => word.charAt(0).toUpperCase())
    .join("");
}

function hueOf(brand: string): number {
  let sum = 7;
  for (const letter of brand) sum = (sum * 31 + letter.codePointAt(0)!) % 3600;
  return sum / 10;
}
