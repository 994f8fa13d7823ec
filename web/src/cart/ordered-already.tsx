import { Button, ButtonLink } from "../ui/button";
import { Card } from "../ui/card";
import { EmptyState } from "../ui/empty-state";
import { useCart } from "./cart-store";

/** The cart became an order, in another tab or before the answer arrived. */
export function OrderedAlready({ order }: { order: { id: string; reference: string } }) {
  const { forget } = useCart();
  return (
    <Card>
      <EmptyState
        icon="check"
        title={`This cart became order ${order.reference}`}
        action={
          <div className="row">
            <ButtonLink to={`/orders/${order.id}`} look="primary">
              Go to the order
            </ButtonLink>
            <Button onClick={forget}>Start a new cart</Button>
          </div>
        }
      >
        It cannot be ordered again.
      </EmptyState>
    </Card>
  );
}
