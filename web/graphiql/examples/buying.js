import cancelOrder from "./cancel-order.graphql";
import createCart from "./create-cart.graphql";
import { firstLines, firstOrders, firstProduct } from "./found.js";
import listCatalog from "./list-catalog.graphql";
import placeOrder from "./place-order.graphql";
import readProduct from "./read-product.graphql";
import searchProducts from "./search-products.graphql";
import { newKey } from "../new-key.js";
import watchOrders from "./watch-orders.graphql";

const READS_CATALOG = ["catalog:read", "carts:write"];
const READS_ORDERS = ["orders:read", "orders:place", "orders:import", "operations:read"];

const CART = `
mutation CartForExample($input: CartCreateInput!) {
  cartCreate(input: $input) {
    cart { id totals { price { amount currency } fee { amount currency } } }
    problems { message }
  }
}`;
const NEWEST_EVENTS = "query NewestEvents { orderEvents(last: 4) { nodes { sequence } } }";

export const catalog = [
  {
    title: "List the catalog",
    about: "Products of every provider, page by page.",
    document: listCatalog,
    needs: READS_CATALOG,
    as: "partner",
    prepare: () => ({ variables: { first: 20, after: null } }),
  },
  {
    title: "Search products",
    about: "By words, provider, currency and value.",
    document: searchProducts,
    needs: READS_CATALOG,
    as: "partner",
    prepare: () => ({ variables: { filter: { search: "gift card", available: true } } }),
  },
  {
    title: "Read one product",
    about: "Its values, prices, validity and terms.",
    document: readProduct,
    needs: READS_CATALOG,
    as: "partner",
    prepare: async (ask) => {
      const id = await firstProduct(ask);
      return id
        ? { variables: { id } }
        : {
            variables: { id: "<product id>" },
            note: "The catalog is empty: put in a product's id.",
          };
    },
  },
];

const cartFor = async (ask) => {
  const { cartCreate } = await ask(CART, { input: { lines: await firstLines(ask, 1) } });
  return cartCreate.cart;
};

const placing = async (ask, { sandbox }) => {
  const cart = sandbox ? await cartFor(ask) : null;
  return {
    variables: {
      input: { cartId: cart?.id ?? "<cart id>", idempotencyKey: newKey() },
    },
    note: cart
      ? "A cart with one product was made for it. Executing it buys in the sandbox only."
      : "This buys for real. Put in the id of a cart that you have looked at.",
  };
};

export const buying = [
  {
    title: "Make a cart",
    about: "Two products; prices are confirmed as you read.",
    document: createCart,
    needs: ["carts:write"],
    as: "partner",
    prepare: async (ask) => ({ variables: { input: { lines: await firstLines(ask, 2) } } }),
  },
  {
    title: "Place an order",
    about: "Once per idempotency key, whatever is lost on the way.",
    document: placeOrder,
    needs: ["orders:place"],
    as: "partner",
    prepare: placing,
  },
  {
    title: "Watch orders (subscription)",
    about: "The newest events first, then each as it happens.",
    document: watchOrders,
    needs: READS_ORDERS,
    as: "partner",
    prepare: async (ask) => {
      const [first] = (await ask(NEWEST_EVENTS)).orderEvents.nodes;
      return { variables: { after: first?.sequence ?? null, orderIds: null } };
    },
  },
  {
    title: "Cancel an order",
    about: "Withdraws what was not sent yet.",
    document: cancelOrder,
    needs: ["orders:place"],
    as: "partner",
    prepare: async (ask) => {
      const [order] = await firstOrders(ask, { status: ["PENDING", "PROCESSING"] });
      return {
        variables: { input: { orderId: order?.id ?? "<order id>", reason: "No longer wanted" } },
        note: order ? "" : "No order is under way now: put in an order's id.",
      };
    },
  },
];
