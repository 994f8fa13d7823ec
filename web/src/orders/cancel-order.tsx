import { useState, type FormEvent } from "react";
import { useMutation } from "urql";

import { graphql } from "../gql";
import type { CancellableOrderFragment, ProblemPartsFragment } from "../gql/graphql";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { ErrorNotice } from "../ui/error-notice";
import { TextField } from "../ui/field";
import { ProblemList } from "../ui/problem-list";
import { useToast } from "../ui/toast";

export const CancellableOrder = graphql(`
  fragment CancellableOrder on Order {
    id
    reference
    origin
    status
    settled
  }
`);

const cancelMutation = graphql(`
  mutation OrderCancel($input: OrderCancelInput!) {
    orderCancel(input: $input) {
      order {
        id
        status
        settled
      }
      pending
      problems {
        ...ProblemParts
      }
    }
  }
`);

const LONGEST_REASON = 500;

interface Part {
  order: CancellableOrderFragment;
  /** A provider was asked, and has not confirmed yet. */
  onPending: () => void;
}

/** Asks why, and cancels what can still be cancelled. Nothing where all is settled already. */
export function CancelOrder({ order, onPending }: Part) {
  const [open, setOpen] = useState(false);
  // Stays open when the order settles meanwhile: it may have problems to show.
  if (!open && (order.settled || order.origin === "IMPORTED")) return null;
  return (
    <>
      <Button onClick={() => setOpen(true)}>Cancel order</Button>
      {open && <CancelDialog order={order} onPending={onPending} onClose={() => setOpen(false)} />}
    </>
  );
}

function CancelDialog({ order, onPending, onClose }: Part & { onClose: () => void }) {
  const say = useToast();
  const [reason, setReason] = useState("");
  const [problems, setProblems] = useState<readonly ProblemPartsFragment[]>([]);
  const [{ fetching, error }, cancel] = useMutation(cancelMutation);

  async function ask(): Promise<void> {
    setProblems([]);
    const input = { orderId: order.id, reason: reason.trim().replace(/\s+/g, " ") };
    const payload = (await cancel({ input })).data?.orderCancel;
    if (!payload) return;
    if (payload.pending) onPending();
    setProblems(payload.problems);
    if (payload.problems.length > 0) return;
    if (!payload.pending) say(`Order ${order.reference} is cancelled.`);
    onClose();
  }

  function submit(event: FormEvent): void {
    event.preventDefault();
    void ask();
  }

  return (
    <Dialog
      title={`Cancel order ${order.reference}`}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Keep the order</Button>
          <Button look="danger" type="submit" form="cancel-order" busy={fetching}>
            Cancel the order
          </Button>
        </>
      }
    >
      <p className="soft">
        What was not sent yet is withdrawn at once, and its money given back. What a provider has
        already can only be asked for, where it cancels at all; vouchers that came before are void
        then.
      </p>
      <form id="cancel-order" onSubmit={submit}>
        <TextField
          label="Reason"
          hint="Why it is not wanted any more"
          value={reason}
          maxLength={LONGEST_REASON}
          required
          onChange={(event) => setReason(event.target.value)}
        />
      </form>
      {error && <ErrorNotice error={error} what="The order" onRetry={() => void ask()} />}
      <ProblemList problems={problems} onRetry={() => void ask()} busy={fetching} />
    </Dialog>
  );
}
