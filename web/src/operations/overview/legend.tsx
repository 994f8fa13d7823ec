import { totalOf, type Bucket, type Series } from "./counts";
import styles from "./order-counts.module.css";

/** What each color and texture means, and how many orders have that status. */
export function Legend({
  series,
  buckets,
}: {
  series: readonly Series[];
  buckets: readonly Bucket[];
}) {
  return (
    <>
      <Textures series={series} />
      <ul className={styles.legend} aria-label="Orders of the period by status">
        {series.map((one) => (
          <li key={one.status}>
            <Swatch status={one.status} />
            {one.label} <strong>{totalOf(buckets, one.status)}</strong>
          </li>
        ))}
      </ul>
    </>
  );
}

/** What fills the areas of a status; drawn once by the legend. */
export function fillOf(status: string): string {
  return `url(#texture-${status})`;
}

export function Swatch({ status }: { status: string }) {
  return (
    <svg className={styles.swatch} width="14" height="14" aria-hidden="true">
      <rect width="14" height="14" rx="3" fill={fillOf(status)} />
    </svg>
  );
}

/** A texture for each status, so that color alone says nothing. */
function Textures({ series }: { series: readonly Series[] }) {
  return (
    <svg className={styles.defs} aria-hidden="true">
      <defs>
        {series.map(({ status, color, texture }) => (
          <pattern
            key={status}
            id={`texture-${status}`}
            width="6"
            height="6"
            patternUnits="userSpaceOnUse"
            patternTransform={texture === "stripes" ? "rotate(45)" : undefined}
          >
            <rect width="6" height="6" fill={color} />
            <Marks texture={texture} />
          </pattern>
        ))}
      </defs>
    </svg>
  );
}

function Marks({ texture }: { texture: Series["texture"] }) {
  const look = { fill: "var(--surface)", fillOpacity: 0.55 };
  switch (texture) {
    case "solid":
      return null;
    case "stripes":
      return <rect width="2.4" height="6" {...look} />;
    case "lines":
      return <rect width="6" height="2.2" {...look} />;
    case "dots":
      return <circle cx="3" cy="3" r="1.7" {...look} fillOpacity={0.8} />;
    case "checks":
      return (
        <>
          <rect width="3" height="3" {...look} />
          <rect x="3" y="3" width="3" height="3" {...look} />
        </>
      );
  }
}
