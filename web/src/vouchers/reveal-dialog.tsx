import { useState, type FormEvent } from "react";

import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { TextField } from "../ui/field";
import { Notice } from "../ui/notice";
import { LONGEST_PURPOSE, purposeProblem, tidied } from "./purpose";
import type { Refusal } from "./refusal";

/** Asks what a voucher is opened for. */
export function RevealDialog({
  name,
  busy,
  refusal,
  usual,
  onReveal,
  onClose,
}: {
  /** Which voucher, as in "voucher 3". */
  name: string;
  busy: boolean;
  refusal?: Refusal;
  /** The purpose given last, on this page. */
  usual: string;
  onReveal: (purpose: string) => void;
  onClose: () => void;
}) {
  const [purpose, setPurpose] = useState(usual);
  const [wrong, setWrong] = useState<string | null>(null);

  function submit(event: FormEvent): void {
    event.preventDefault();
    const problem = purposeProblem(purpose);
    setWrong(problem);
    if (!problem) onReveal(tidied(purpose));
  }

  return (
    <Dialog
      title={`Reveal ${name}`}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Keep it hidden</Button>
          <Button look="primary" icon="eye" type="submit" form="reveal" busy={busy}>
            Reveal
          </Button>
        </>
      }
    >
      <form id="reveal" className="stack" onSubmit={submit} noValidate>
        <TextField
          label="Purpose"
          hint="Such as “Sent to the customer, ticket 4711”. Recorded with who opened it and when."
          value={purpose}
          error={wrong}
          maxLength={LONGEST_PURPOSE}
          autoComplete="off"
          required
          onChange={(event) => {
            setPurpose(event.target.value);
            setWrong(null);
          }}
        />
      </form>
      <p className="small soft">
        It is shown for one minute, and hidden as soon as you leave this page.
      </p>
      {refusal && (
        <Notice tone="bad" title={refusal.title} announce>
          {refusal.text}
        </Notice>
      )}
    </Dialog>
  );
}
