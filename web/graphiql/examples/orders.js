import { firstOrders } from "./found.js";
import findOrder from "./find-order.graphql";
import listOrders from "./list-orders.graphql";
import readOrderLog from "./read-order-log.graphql";
import revealVouchers from "./reveal-vouchers.graphql";

const READS_ORDERS = ["orders:read", "orders:place", "orders:import", "operations:read"];

const finding = async (ask, { samples }) => {
  for (const { fulfillments } of await firstOrders(ask)) {
    const known = fulfillments.find(({ providerOrderId }) => providerOrderId);
    if (known) {
      const { provider, providerOrderId } = known;
      return {
        variables: { by: { providerOrder: { provider: provider.name, orderId: providerOrderId } } },
      };
    }
  }
  const [provider, orderId] = Object.entries(samples)[0] ?? ["enkash", "<provider's order id>"];
  return {
    variables: { by: { providerOrder: { provider, orderId } } },
    note: "The account has no order yet: null is the answer until it has this one.",
  };
};

const revealing = async (ask, { purpose }) => {
  const headers = { "X-Purpose": purpose };
  const delivered = await firstOrders(ask, { status: ["DELIVERED", "PARTIALLY_DELIVERED"] });
  const order = delivered.find(({ vouchers }) => vouchers.nodes[0]?.state === "ACTIVE");
  return {
    headers,
    variables: { id: order?.id ?? "<order id>" },
    note: order
      ? `Executing it opens vouchers of order ${order.reference}.`
      : "No order has been delivered yet: put in an order's id.",
  };
};

export const orders = [
  {
    title: "Page of orders",
    about: "Newest first, as their providers tell it now; vouchers masked.",
    document: listOrders,
    needs: READS_ORDERS,
    as: "partner",
    prepare: () => ({ variables: { first: 10, after: null, filter: null } }),
  },
  {
    title: "Find an order",
    about: "By its provider's number, our reference or id; vouchers masked.",
    document: findOrder,
    needs: READS_ORDERS,
    as: "partner",
    prepare: finding,
  },
  {
    title: "Read the order log",
    about: "The events that subscriptions and webhooks tell.",
    document: readOrderLog,
    needs: READS_ORDERS,
    as: "partner",
    prepare: () => ({ variables: { last: 20 } }),
  },
  {
    title: "Reveal vouchers",
    about: "Codes and PINs in the clear. Each reveal is recorded with its purpose.",
    warning: "Opens real codes: let nobody look over your shoulder.",
    asksPurpose: true,
    document: revealVouchers,
    needs: ["vouchers:reveal"],
    as: "partner",
    prepare: revealing,
  },
];
