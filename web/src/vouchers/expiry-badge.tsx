import { Badge } from "../ui/badge";
import { Day, Instant } from "../ui/instant";
import { endsIn, expiryOf, type Validity } from "./expiry";

/** Until when a voucher is valid; the nearer its end, the louder. */
export function ExpiryBadge({ voucher, now }: { voucher: Validity; now: number }) {
  const { expiresAt, expiresOn } = voucher;
  const day = expiresOn ? <Day on={expiresOn} /> : expiresAt && <Instant at={expiresAt} absolute />;
  switch (expiryOf(voucher, now)) {
    case "never":
      return <span>Never expires</span>;
    case "unknown":
      return <span className="soft">End not known</span>;
    case "ended":
      return (
        <>
          <Badge tone="bad">Expired</Badge> <span className="small soft">{day}</span>
        </>
      );
    case "week":
      return (
        <>
          <Badge tone="bad">{endsIn(expiresAt!, now)}</Badge>{" "}
          <span className="small soft">{day}</span>
        </>
      );
    case "month":
      return (
        <>
          <Badge tone="warn">{endsIn(expiresAt!, now)}</Badge>{" "}
          <span className="small soft">{day}</span>
        </>
      );
    case "later":
      return <span>Valid until {day}</span>;
  }
}
