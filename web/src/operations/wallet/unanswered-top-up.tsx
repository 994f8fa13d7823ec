import type { WalletTopUpInput } from "../../gql/graphql";
import { Button } from "../../ui/button";
import { formatMoney } from "../../ui/money";
import { Notice } from "../../ui/notice";

/** A top-up was sent and no answer came: it may have been carried out, and can be repeated. */
export function UnansweredTopUp({
  topUp,
  onContinue,
}: {
  topUp: WalletTopUpInput;
  onContinue: () => void;
}) {
  return (
    <Notice
      tone="warn"
      title={`A top-up of ${formatMoney(topUp)} was not answered`}
      announce
      actions={
        <Button small icon="refresh" onClick={onContinue}>
          Find out
        </Button>
      }
    >
      It may have been added, or not. Repeating it finds out, and never adds it twice.
    </Notice>
  );
}
