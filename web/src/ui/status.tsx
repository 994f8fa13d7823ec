import { Badge } from "./badge";
import { fulfillmentStatus, orderStatus } from "./words";

export function OrderStatusBadge({ status, settled }: { status: string; settled?: boolean }) {
  const word = orderStatus(status);
  return (
    <Badge tone={word.tone} pulse={settled === undefined ? word.open : !settled}>
      {word.text}
    </Badge>
  );
}

export function FulfillmentStatusBadge({ status }: { status: string }) {
  const word = fulfillmentStatus(status);
  return (
    <Badge tone={word.tone} pulse={word.open}>
      {word.text}
    </Badge>
  );
}
