import { useState } from "react";

import { TextArea } from "../ui/field";

const LONGEST = 500;

/** A reason that must be given; `check` says whether it is, and shows what is wrong with it. */
export function useReason() {
  const [value, setValue] = useState("");
  const [asked, setAsked] = useState(false);
  const wrong = value.trim() ? null : "Say why: it is kept in the audit chain.";

  return {
    value,
    // A line break is no printable character, which is what the chain takes.
    setValue: (typed: string) => setValue(typed.replace(/\s*[\r\n]+\s*/g, " ")),
    error: asked ? wrong : null,
    check(): boolean {
      setAsked(true);
      return wrong === null;
    },
  };
}

export function ReasonField({ reason }: { reason: ReturnType<typeof useReason> }) {
  return (
    <TextArea
      label="Reason"
      hint="Kept in the audit chain, with your name."
      rows={2}
      maxLength={LONGEST}
      required
      value={reason.value}
      error={reason.error}
      onChange={(event) => reason.setValue(event.target.value)}
    />
  );
}
