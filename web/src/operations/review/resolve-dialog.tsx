import { useId, useState } from "react";

import { graphql } from "../../gql";
import type { FulfillmentResolution, ReviewItemFragment } from "../../gql/graphql";
import { Button } from "../../ui/button";
import { Dialog } from "../../ui/dialog";
import { ErrorNotice } from "../../ui/error-notice";
import { ProblemList } from "../../ui/problem-list";
import { useToast } from "../../ui/toast";
import { fulfillmentStatus } from "../../ui/words";
import { useAct } from "../acting";
import { useReason } from "../reason";
import { Confirmation, DecisionForm } from "./decision";
import { RESOLUTIONS } from "./resolutions";

const resolveMutation = graphql(`
  mutation ResolveFulfillment($input: FulfillmentResolveInput!) {
    fulfillmentResolve(input: $input) {
      fulfillment {
        id
        status
        reference
      }
      problems {
        ...ProblemParts
      }
    }
  }
`);

/** A person's decision in two steps: which and why, then what it will do. */
export function ResolveDialog({
  item,
  onClose,
  onResolved,
}: {
  item: ReviewItemFragment;
  onClose: () => void;
  onResolved: () => void;
}) {
  const form = useId();
  const say = useToast();
  const reason = useReason();
  const [chosen, setChosen] = useState<FulfillmentResolution | null>(null);
  const [orderId, setOrderId] = useState("");
  const [asked, setAsked] = useState(false);
  const [sure, setSure] = useState(false);
  const { busy, problems, error, act, forget } = useAct(
    resolveMutation,
    (data) => data.fulfillmentResolve,
  );
  const resolution = RESOLUTIONS.find(({ value }) => value === chosen);
  const linking = chosen === "LINK_PROVIDER_ORDER";

  function goOn(): void {
    setAsked(true);
    if (reason.check() && chosen && (!linking || orderId.trim())) setSure(true);
  }

  async function carryOut(): Promise<void> {
    const { done } = await act({
      input: {
        fulfillmentId: item.id,
        resolution: chosen!,
        providerOrderId: linking ? orderId.trim() : null,
        reason: reason.value.trim(),
      },
    });
    if (!done) return;
    const status = done.fulfillment && fulfillmentStatus(done.fulfillment.status).text;
    say(`${item.reference} is resolved${status ? `: ${status.toLowerCase()}` : ""}`);
    onResolved();
    onClose();
  }

  function back(): void {
    forget();
    setSure(false);
  }

  return (
    <Dialog
      title={sure ? `${resolution!.label}?` : `Resolve ${item.reference}`}
      onClose={onClose}
      footer={
        sure ? (
          <>
            <Button onClick={back} disabled={busy} autoFocus={resolution!.grave}>
              Back
            </Button>
            <Button
              look={resolution!.grave ? "danger" : "primary"}
              busy={busy}
              autoFocus={!resolution!.grave}
              onClick={() => void carryOut()}
            >
              {resolution!.label}
            </Button>
          </>
        ) : (
          <>
            <Button onClick={onClose}>Cancel</Button>
            <Button look="primary" type="submit" form={form}>
              Continue
            </Button>
          </>
        )
      }
    >
      {sure ? (
        <>
          <Confirmation
            item={item}
            resolution={resolution!}
            orderId={linking ? orderId.trim() : null}
            reason={reason.value.trim()}
          />
          <ProblemList problems={problems} onRetry={() => void carryOut()} busy={busy} />
          {error && <ErrorNotice error={error} what="It" onRetry={() => void carryOut()} />}
        </>
      ) : (
        <DecisionForm
          {...{ form, item, chosen, reason, orderId, asked }}
          onChoose={setChosen}
          onOrderId={setOrderId}
          onSubmit={goOn}
        />
      )}
    </Dialog>
  );
}
