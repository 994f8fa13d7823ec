import { Route, Switch } from "wouter";

import { OrderPage } from "./order-page";
import { OrdersPage } from "./orders-page";

/** The account's orders, and each one's own page. */
export default function Orders() {
  return (
    <Switch>
      <Route path="/orders/:id">{({ id }) => <OrderPage key={id} id={id} />}</Route>
      <Route component={OrdersPage} />
    </Switch>
  );
}
