import { useId, useState } from "react";

import type { WalletTopUpInput } from "../../gql/graphql";
import { Button } from "../../ui/button";
import { compareDecimals, isDecimal } from "../../ui/decimal";
import { Dialog } from "../../ui/dialog";
import { ErrorNotice } from "../../ui/error-notice";
import { formatMoney } from "../../ui/money";
import { Notice } from "../../ui/notice";
import { ProblemList } from "../../ui/problem-list";
import { useToast } from "../../ui/toast";
import { useToppingUp, type Adding } from "./top-up";
import { TopUpFields } from "./top-up-fields";
import styles from "./wallet.module.css";

/** Adds money in two steps: how much, then whether that is right. */
export function TopUpDialog({
  currencies,
  onClose,
  onDone,
}: {
  /** Those that the wallet has already. */
  currencies: readonly string[];
  onClose: () => void;
  onDone: () => void;
}) {
  const form = useId();
  const say = useToast();
  const topping = useToppingUp();
  const only = currencies.length === 1 ? currencies[0]! : "";
  const [typed, setTyped] = useState({ amount: "", currency: only, account: "" });
  const [asked, setAsked] = useState(false);
  const [sure, setSure] = useState(topping.unanswered !== null);
  const adding = topping.unanswered ? addingOf(topping.unanswered) : readyOf(typed);
  const open = topping.unanswered !== null && !topping.busy;

  function goOn(): void {
    setAsked(true);
    if (readyOf(typed)) setSure(true);
  }

  async function carryOut(): Promise<void> {
    if (!adding) return;
    const done = await (topping.unanswered ? topping.retry() : topping.send(adding));
    if (!done) return;
    say(`${formatMoney(adding)} is in the wallet`);
    onDone();
    onClose();
  }

  return (
    <Dialog
      title={sure ? "Add this money?" : "Top up a wallet"}
      onClose={onClose}
      footer={
        sure ? (
          <>
            <Button disabled={topping.busy} onClick={open ? onClose : () => setSure(false)}>
              {open ? "Close" : "Back"}
            </Button>
            <Button look="primary" busy={topping.busy} autoFocus onClick={() => void carryOut()}>
              {open ? "Try again" : `Add ${adding ? formatMoney(adding) : ""}`}
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
      {sure && adding ? (
        <>
          <p className={styles.sum}>{formatMoney(adding)}</p>
          <p>
            goes to{" "}
            {adding.account ? (
              <>
                the wallet of account <code>{adding.account}</code>
              </>
            ) : (
              "your own account's wallet"
            )}
            . It is audited.
          </p>
          <ProblemList
            problems={topping.problems}
            onRetry={() => void carryOut()}
            busy={topping.busy}
          />
          {topping.error && !topping.error.networkError && (
            <ErrorNotice error={topping.error} what="The top-up" />
          )}
          {open && topping.problems.length === 0 && <NoAnswer />}
        </>
      ) : (
        <TopUpFields {...{ form, typed, asked, currencies }} onType={setTyped} onSubmit={goOn} />
      )}
    </Dialog>
  );
}

function NoAnswer() {
  return (
    <Notice tone="warn" title="No answer came" announce>
      It may have been added, or not. Try again: the same request finds out, and never adds it
      twice.
    </Notice>
  );
}

function addingOf({ amount, currency, account }: WalletTopUpInput): Adding {
  return { amount, currency, account: account == null ? null : String(account) };
}

function readyOf({ amount, currency, account }: Typed): Adding | null {
  const plain = amount.trim();
  if (!isDecimal(plain) || compareDecimals(plain, "0") <= 0) return null;
  if (!/^[A-Z]{3}$/.test(currency)) return null;
  return { amount: plain, currency, account: account.trim() || null };
}

export interface Typed {
  amount: string;
  currency: string;
  account: string;
}
