import listWebhooks from "./list-webhooks.graphql";
import readAudit from "./read-audit.graphql";
import readWallet from "./read-wallet.graphql";
import whoAmI from "./who-am-i.graphql";

const nothing = () => ({});

export const account = [
  {
    title: "Who am I",
    about: "Account, actor, scopes and limits of this key.",
    document: whoAmI,
    needs: [],
    as: "partner",
    prepare: nothing,
  },
  {
    title: "Wallet",
    about: "Balances by currency and their movements.",
    document: readWallet,
    needs: ["wallet:read"],
    as: "partner",
    prepare: nothing,
  },
  {
    title: "Webhooks",
    about: "Endpoints of the account and their deliveries.",
    document: listWebhooks,
    needs: ["orders:read", "orders:place", "orders:import", "operations:read"],
    as: "partner",
    prepare: nothing,
  },
  {
    title: "Audit chain",
    about: "Reveals, refused reveals and acts of operators.",
    document: readAudit,
    needs: ["audit:read"],
    as: "partner",
    prepare: nothing,
  },
];
