// The examples menu. Documents are files beside this one; `needs` are scopes of which one suffices,
// `as` the sandbox client that has it, and `prepare` finds variables that run at once.
import { account } from "./account.js";
import { buying, catalog } from "./buying.js";
import { operations } from "./operations.js";
import { orders } from "./orders.js";

export const groups = [
  { title: "Catalog", examples: catalog },
  { title: "Buying", examples: buying },
  { title: "Orders and vouchers", examples: orders },
  { title: "Account", examples: account },
  { title: "Operations", examples: operations },
];
