// The operations a new page starts with; `client` names the sandbox key that may run them. `samples`
// are orders that the simulators know, by provider.
export const examples = (samples) => {
  const [provider, orderId] = Object.entries(samples)[0] ?? ["enkash", ""];
  return list(provider, orderId);
};

const list = (provider, orderId) => [
  {
    client: "partner",
    query: `
# One order and its vouchers, by the provider's own order id. Codes stay sealed here.
query ReadOrder($provider: String!, $orderId: String!) {
  order(by: { providerOrder: { provider: $provider, orderId: $orderId } }) {
    id
    reference
    status
    live
    asOf
    fulfillments { provider { displayName } status providerStatus delivered total }
    vouchers(first: 10) {
      totalCount
      nodes { id type maskedCode faceValue { amount currency } expiresAt neverExpires }
    }
  }
}`,
    variables: { provider, orderId },
  },
  {
    client: "partner",
    query: `
# The newest orders, each with its status as its provider tells it now, and masked vouchers.
query ListOrders {
  orders(first: 10) {
    totalCount
    pageInfo { hasNextPage endCursor }
    nodes {
      id
      reference
      status
      live
      asOf
      lines { productName quantity faceValue { amount currency } }
      vouchers(first: 3) { nodes { maskedCode state } }
    }
  }
}`,
  },
  {
    client: "partner",
    query: `
# Opens the vouchers of one order. Every reveal is recorded in the audit trail.
query RevealVouchers($id: ID!) {
  order(by: { id: $id }) {
    reference
    vouchers(first: 10) {
      nodes { id maskedCode code pin claimUrl referenceNumber }
    }
  }
}`,
    variables: { id: "" },
  },
  {
    client: "partner",
    query: `
# Products of every provider, and how fresh each provider's list is.
query SearchProducts($search: String) {
  products(first: 10, filter: { search: $search, available: true }, sort: NAME) {
    totalCount
    nodes {
      id
      name
      brand
      provider { displayName }
      denominations {
        ... on FixedDenominations {
          values { faceValue { amount currency } price { amount currency } }
        }
        ... on DenominationRange {
          min { amount currency }
          max { amount currency }
          discountPercent
        }
      }
      voucherType
      deliverySpeed
    }
    sources { provider { name } outcome asOf }
  }
}`,
    variables: { search: "gift" },
  },
  {
    client: "operator",
    query: `
# Takes an order that was placed elsewhere into the account. Its key may import, and opens nothing.
mutation ImportOrder($input: OrderImportInput!) {
  orderImport(input: $input) {
    order { id reference origin status vouchers(first: 10) { nodes { maskedCode } } }
    problems { code message path retry }
  }
}`,
    variables: { input: { provider, orderId } },
  },
];
