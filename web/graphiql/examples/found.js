// What an account already has, to put into the variables of an example.
const PRODUCTS = `
query FirstProducts {
  products(first: 50, filter: { available: true }, sort: NAME) {
    nodes {
      id
      name
      deliverySpeed
      denominations {
        ... on FixedDenominations { values { faceValue { amount } } }
        ... on DenominationRange { min { amount } }
      }
    }
  }
}`;
const ORDERS = `
query FirstOrders($filter: OrderFilter) {
  orders(first: 20, filter: $filter) {
    nodes {
      id
      reference
      fulfillments { providerOrderId provider { name } }
      vouchers(first: 1) { nodes { state } }
    }
  }
}`;
const NEEDS_REVIEW = `
query FirstNeedsReview {
  fulfillments(first: 1, filter: { status: [NEEDS_REVIEW] }) { nodes { id } }
}`;

const lineOf = ({ id, denominations }) => ({
  productId: id,
  faceValue: (denominations.values?.[0]?.faceValue ?? denominations.min).amount,
  quantity: 1,
});

// Lines of a cart: products of a fixed value that arrive soon first.
export const firstLines = async (ask, count) => {
  const { products } = await ask(PRODUCTS);
  const rank = ({ denominations, deliverySpeed }) =>
    (denominations.values ? 0 : 2) + (deliverySpeed === "FAST" ? 0 : 1);
  return [...products.nodes]
    .sort((one, other) => rank(one) - rank(other))
    .slice(0, count)
    .map(lineOf);
};

export const firstProduct = async (ask) => {
  const [product] = (await ask(PRODUCTS)).products.nodes;
  return product?.id;
};

export const firstOrders = async (ask, filter) => (await ask(ORDERS, { filter })).orders.nodes;

export const firstNeedsReview = async (ask) => (await ask(NEEDS_REVIEW)).fulfillments.nodes[0]?.id;
