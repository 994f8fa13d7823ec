import { graphql } from "../gql";
import type { SourcePartsFragment } from "../gql/graphql";
import { Button } from "../ui/button";
import { formatInstant, Instant } from "../ui/instant";
import { Notice } from "../ui/notice";
import { sentence } from "../ui/problem-list";
import styles from "./sources.module.css";

export const SourceParts = graphql(`
  fragment SourceParts on SourceReport {
    outcome
    asOf
    provider {
      id
      displayName
    }
    problem {
      ...ProblemParts
    }
  }
`);

interface Part {
  sources: readonly SourcePartsFragment[];
}

/** The providers whose products are missing or old, in words. */
export function FailedSources({ sources, onRetry }: Part & { onRetry: () => void }) {
  const failed = sources.filter(({ outcome }) => outcome === "FAILED");
  if (failed.length === 0) return null;
  return (
    <Notice
      tone="warn"
      announce
      title={`${failed.map(({ provider }) => provider.displayName).join(" and ")} could not be read`}
      actions={
        <Button small icon="refresh" onClick={onRetry}>
          Try again
        </Button>
      }
    >
      <ul>
        {failed.map(({ provider, asOf, problem }) => (
          <li key={provider.id}>
            {asOf
              ? `The products of ${provider.displayName} are shown as they were on ${formatInstant(asOf)}.`
              : `The products of ${provider.displayName} are missing here.`}{" "}
            {problem && sentence(problem.message)}
          </li>
        ))}
      </ul>
    </Notice>
  );
}

/** How fresh each provider's part is. */
export function SourceList({ sources }: Part) {
  return (
    <ul className={styles.list} aria-label="How fresh each provider's products are">
      {sources
        .filter(({ outcome }) => outcome !== "SKIPPED")
        .map(({ provider, outcome, asOf }) => (
          <li key={provider.id} className={outcome === "FAILED" ? styles.failed : undefined}>
            <span className={styles.dot} aria-hidden="true" />
            {provider.displayName}
            <span>{asOf ? <Instant at={asOf} /> : "never read"}</span>
          </li>
        ))}
    </ul>
  );
}
