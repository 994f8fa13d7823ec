// Who is signed in. Credentials are in this tab's storage and in memory, and nowhere else.
import { credentialHeaders } from "./headers.js";
import { ask } from "./http.js";
import { demoKeys } from "./page.js";
import { wipe } from "./storage.js";

const KEPT = "vouchergraph:credentials";
const INSTALLATION = "vouchergraph:installation";
const VIEWER = "query SignIn { viewer { account accountName actor scopes } }";
const PLAIN = /^[\x21-\x7e]+$/;

const listeners = new Set();
// `phase`: starting, out, in. Without credentials, `in` means a look at the schema alone.
let state = { phase: "starting", credentials: null, viewer: null, problem: "" };

const become = (next) => {
  state = { phase: "out", credentials: null, viewer: null, problem: "", ...next };
  listeners.forEach((listener) => listener());
};

export const session = () => state;

export const listen = (listener) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const demoClient = (credentials) =>
  Object.keys(demoKeys).find((name) => demoKeys[name].key === credentials?.key);

// Checks credentials and keeps them; what was wrong with them, in plain words, or nothing.
export const signIn = async (credentials) => {
  if (!Object.values(credentials).every((value) => PLAIN.test(value))) {
    return "Keys, secrets and tokens are plain letters, digits and signs, without spaces.";
  }
  try {
    const { viewer } = await ask(credentials, credentialHeaders(credentials), VIEWER);
    window.sessionStorage.setItem(KEPT, JSON.stringify(credentials));
    become({ phase: "in", credentials, viewer });
    return "";
  } catch (refused) {
    return refused.message;
  }
};

export const lookAround = () => become({ phase: "in" });
export const askToSignIn = () => become({});

// A page without state: answers that were shown, and may hold revealed vouchers, are gone as well.
export const signOut = () => {
  wipe();
  window.location.reload();
};

// The service takes the credentials no longer; open tabs are kept for who signs in again.
export const expire = (credentials) => {
  if (state.credentials !== credentials) return;
  window.sessionStorage.removeItem(KEPT);
  become({ problem: "Your credentials are no longer accepted. Sign in again." });
};

// What was kept for another installation's keys would only be refused.
const forgetOtherInstallation = () => {
  const here = Object.values(demoKeys)
    .map(({ key }) => key)
    .join(" ");
  if (window.sessionStorage.getItem(INSTALLATION) === here) return;
  window.sessionStorage.clear();
  window.sessionStorage.setItem(INSTALLATION, here);
};

export const start = async () => {
  forgetOtherInstallation();
  const kept = JSON.parse(window.sessionStorage.getItem(KEPT) ?? "null");
  if (!kept) return become({});
  const problem = await signIn(kept);
  if (problem) become({ problem });
};
