import { useEffect, useState } from "react";

import { Button } from "../ui/button";

const SAID_MS = 2500;

/** Puts a value on the clipboard, and says so. `name` is what it is, as in "PIN". */
export function CopyButton({ name, value }: { name: string; value: string }) {
  const [outcome, setOutcome] = useState<"copied" | "refused" | null>(null);
  const copied = outcome === "copied";

  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setOutcome(null), SAID_MS);
    return () => clearTimeout(timer);
  }, [copied]);

  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(value);
      setOutcome("copied");
    } catch {
      // Refused, or a page that is not served securely.
      setOutcome("refused");
    }
  }

  return (
    <>
      <Button small icon={copied ? "check" : "copy"} onClick={() => void copy()}>
        <span>
          {copied ? "Copied" : "Copy"}
          <span className="sr-only"> {name}</span>
        </span>
      </Button>
      <span className={outcome === "refused" ? "small soft" : "sr-only"} role="status">
        {outcome === "copied" && "Copied"}
        {outcome === "refused" && "The browser did not let it be copied: select it by hand"}
      </span>
    </>
  );
}
