import type { CombinedError } from "urql";

import { Button } from "../ui/button";
import { ErrorNotice } from "../ui/error-notice";
import { Mark } from "./mark";
import styles from "./opening.module.css";

/** The credentials are being tried. */
export function Opening() {
  return (
    <main className={styles.page}>
      <h1>
        <Mark />
      </h1>
      <p role="status" className="soft">
        Signing in…
      </p>
    </main>
  );
}

/** The service did not say whether the credentials hold. */
export function OpeningFailed({
  error,
  onRetry,
  onSignOut,
}: {
  error: CombinedError;
  onRetry: () => void;
  onSignOut: () => void;
}) {
  return (
    <main className={styles.page}>
      <h1>
        <Mark />
      </h1>
      <ErrorNotice error={error} what="Your account" onRetry={onRetry} />
      <Button look="quiet" icon="signOut" onClick={onSignOut}>
        Sign out
      </Button>
    </main>
  );
}
