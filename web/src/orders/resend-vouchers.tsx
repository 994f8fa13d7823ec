import { useState } from "react";
import { useMutation } from "urql";

import { graphql } from "../gql";
import type { ProblemPartsFragment, ResendableOrderFragment } from "../gql/graphql";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { ErrorNotice } from "../ui/error-notice";
import { ProblemList } from "../ui/problem-list";
import { useToast } from "../ui/toast";

export const ResendableOrder = graphql(`
  fragment ResendableOrder on Order {
    id
    reference
    fulfillments {
      id
      delivered
      provider {
        id
        displayName
        capabilities
      }
    }
  }
`);

const resendMutation = graphql(`
  mutation VouchersResend($input: VouchersResendInput!) {
    vouchersResend(input: $input) {
      order {
        id
      }
      problems {
        ...ProblemParts
      }
    }
  }
`);

/** Has providers send vouchers again; nothing where none of them can. */
export function ResendVouchers({ order }: { order: ResendableOrderFragment }) {
  const [open, setOpen] = useState(false);
  const able = providersThatResend(order);
  if (able.length === 0) return null;
  return (
    <>
      <Button onClick={() => setOpen(true)}>Resend vouchers</Button>
      {open && <ResendDialog order={order} able={able} onClose={() => setOpen(false)} />}
    </>
  );
}

function ResendDialog({
  order,
  able,
  onClose,
}: {
  order: ResendableOrderFragment;
  able: string[];
  onClose: () => void;
}) {
  const say = useToast();
  const [problems, setProblems] = useState<readonly ProblemPartsFragment[]>([]);
  const [{ fetching, error }, resend] = useMutation(resendMutation);

  async function ask(): Promise<void> {
    setProblems([]);
    const payload = (await resend({ input: { orderId: order.id } })).data?.vouchersResend;
    if (!payload) return;
    setProblems(payload.problems);
    if (payload.problems.length > 0) return;
    say(`${able.join(" and ")} was asked to send the vouchers again.`);
    onClose();
  }

  return (
    <Dialog
      title="Resend vouchers"
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Close</Button>
          <Button look="primary" busy={fetching} onClick={() => void ask()}>
            Send again
          </Button>
        </>
      }
    >
      <p className="soft">
        {able.join(" and ")} sends the vouchers of {order.reference} again to whom they were for, at
        most once in ten minutes. A PIN may be another one afterwards: what is shown here is then
        the new one.
      </p>
      {error && <ErrorNotice error={error} what="Sending again" onRetry={() => void ask()} />}
      <ProblemList problems={problems} onRetry={() => void ask()} busy={fetching} />
    </Dialog>
  );
}

function providersThatResend({ fulfillments }: ResendableOrderFragment): string[] {
  const able = fulfillments.filter(
    ({ delivered, provider }) => delivered > 0 && provider.capabilities.includes("RESEND"),
  );
  return [...new Set(able.map(({ provider }) => provider.displayName))];
}
