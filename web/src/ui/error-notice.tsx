import type { CombinedError } from "urql";

import { Button } from "./button";
import { Notice } from "./notice";

/** Why something could not be read or done, in plain words. */
export function ErrorNotice({
  error,
  onRetry,
  what = "This",
}: {
  error: CombinedError;
  onRetry?: () => void;
  /** What failed, as the beginning of a sentence: "The catalog". */
  what?: string;
}) {
  const { title, text, again } = explain(error, what);
  return (
    <Notice
      tone="bad"
      title={title}
      announce
      actions={
        again &&
        onRetry && (
          <Button small icon="refresh" onClick={onRetry}>
            Try again
          </Button>
        )
      }
    >
      {text}
    </Notice>
  );
}

/** The code of the first error, such as FORBIDDEN; null where no answer came. */
export function errorCode(error: CombinedError): string | null {
  const code = error.graphQLErrors[0]?.extensions?.code;
  return typeof code === "string" ? code : null;
}

function explain(error: CombinedError, what: string) {
  const said = error.graphQLErrors[0]?.message;
  switch (errorCode(error)) {
    case "FORBIDDEN":
      return {
        title: `${what} is not open to you`,
        text: "Your key does not carry the right to it. Ask whoever runs Vouchergraph to grant it.",
        again: false,
      };
    case "RATE_LIMITED":
      return { title: "Too much was asked for at once", text: "Wait a moment.", again: true };
    case "TIMEOUT":
    case "UNAVAILABLE":
      return { title: `${what} could not be read in time`, text: said, again: true };
    case null:
      return {
        title: "The service does not answer",
        text: "The connection may be lost, or the service is starting.",
        again: true,
      };
    default:
      return { title: `${what} could not be read`, text: said, again: true };
  }
}
