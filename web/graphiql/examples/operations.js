import { firstNeedsReview } from "./found.js";
import importOrder from "./import-order.graphql";
import listNeedsReview from "./list-needs-review.graphql";
import pauseProvider from "./pause-provider.graphql";
import readProviders from "./read-providers.graphql";
import resolveFulfillment from "./resolve-fulfillment.graphql";
import resumeProvider from "./resume-provider.graphql";
import topUpWallet from "./top-up-wallet.graphql";
import { newKey } from "../new-key.js";

const aProvider = (samples) => Object.keys(samples)[0] ?? "enkash";

const importing = (ask, { samples }) => {
  const [provider, orderId] = Object.entries(samples)[0] ?? ["enkash", "<provider's order id>"];
  return { variables: { input: { provider, orderId } } };
};

const resolving = async (ask) => {
  const id = await firstNeedsReview(ask);
  return {
    variables: {
      input: {
        fulfillmentId: id ?? "<fulfillment id>",
        resolution: "RELEASE",
        reason: "The provider confirmed that nothing was bought",
      },
    },
    note: id ? "" : "Nothing needs review now: put in a fulfillment's id.",
  };
};

export const operations = [
  {
    title: "Import an order",
    about: "One that was placed elsewhere, with its vouchers sealed.",
    document: importOrder,
    needs: ["orders:import"],
    as: "operator",
    prepare: importing,
  },
  {
    title: "Health of providers",
    about: "Breaker, latency, what waits, our balances there.",
    document: readProviders,
    needs: ["operations:read"],
    as: "operator",
    prepare: () => ({}),
  },
  {
    title: "Needs review",
    about: "What no machine can decide, with its evidence.",
    document: listNeedsReview,
    needs: ["operations:read"],
    as: "operator",
    prepare: () => ({ variables: { filter: { status: ["NEEDS_REVIEW"] } } }),
  },
  {
    title: "Resolve a fulfillment",
    about: "Carries out your decision. Audited.",
    document: resolveFulfillment,
    needs: ["operations:write"],
    as: "operator",
    prepare: resolving,
  },
  {
    title: "Pause a provider",
    about: "Nothing more is sent there. Audited.",
    document: pauseProvider,
    needs: ["operations:write"],
    as: "operator",
    prepare: (ask, { samples }) => ({
      variables: { input: { provider: aProvider(samples), reason: "Maintenance" } },
    }),
  },
  {
    title: "Resume a provider",
    about: "Sends again, first what waited. Audited.",
    document: resumeProvider,
    needs: ["operations:write"],
    as: "operator",
    prepare: (ask, { samples }) => ({ variables: { input: { provider: aProvider(samples) } } }),
  },
  {
    title: "Top up the wallet",
    about: "Once per idempotency key. Audited.",
    document: topUpWallet,
    needs: ["operations:write"],
    as: "operator",
    prepare: () => ({
      variables: {
        input: { amount: "100.00", currency: "INR", idempotencyKey: newKey() },
      },
    }),
  },
];
