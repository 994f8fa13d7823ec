import { useEffect, useRef } from "react";

import { graphql } from "../gql";
import type { VoucherRowFragment } from "../gql/graphql";
import { Badge } from "../ui/badge";
import { Button } from "../ui/button";
import { Money } from "../ui/money";
import { voucherType } from "../ui/words";
import { ExpiryBadge } from "./expiry-badge";
import { Revealed } from "./revealed";
import type { Secret } from "./reveal";
import { closedState } from "./states";
import styles from "./voucher-row.module.css";

export const VoucherRowParts = graphql(`
  fragment VoucherRow on Voucher {
    id
    type
    state
    maskedCode
    expiresAt
    expiresOn
    neverExpires
    faceValue {
      amount
      currency
    }
    line {
      id
      productName
    }
  }
`);

/** One voucher: hidden, with what may be known of it; or open, while `shown` is given. */
export function VoucherRow({
  voucher,
  name,
  now,
  openable,
  shown,
  onReveal,
  onHide,
}: {
  voucher: VoucherRowFragment;
  /** As in "Voucher 3". */
  name: string;
  now: number;
  openable: boolean;
  shown?: { secrets: Secret[]; until: number };
  onReveal: () => void;
  onHide: () => void;
}) {
  const closed = closedState(voucher.state);
  const element = useRef<HTMLElement>(null);
  const wasShown = useRef(false);
  // What had the focus is gone with the values: the button that opens them gets it.
  useEffect(() => {
    if (wasShown.current && !shown && document.activeElement === document.body) {
      element.current?.querySelector("button")?.focus();
    }
    wasShown.current = Boolean(shown);
  }, [shown]);

  return (
    <article ref={element} className={styles.voucher} aria-label={name}>
      <div className={styles.row}>
        <div className={styles.what}>
          <p>
            <code className={styles.masked} aria-label="Hidden code">
              {voucher.maskedCode}
            </code>
          </p>
          <p className="small soft">
            <Money value={voucher.faceValue} short /> · {voucher.line.productName} ·{" "}
            {voucherType(voucher.type)}
          </p>
        </div>
        <p className={styles.expiry}>
          <ExpiryBadge voucher={voucher} now={now} />
        </p>
        <div className={styles.action}>
          {closed ? (
            <Badge tone={closed.tone}>{closed.text}</Badge>
          ) : (
            openable && (
              <Button
                small
                icon={shown ? "eyeOff" : "eye"}
                aria-label={`${shown ? "Hide" : "Reveal"} ${name.toLowerCase()}`}
                onClick={shown ? onHide : onReveal}
              >
                {shown ? "Hide" : "Reveal"}
              </Button>
            )
          )}
        </div>
      </div>
      {closed && <p className="small soft">{closed.why}</p>}
      {shown && <Revealed name={name} {...shown} />}
    </article>
  );
}
