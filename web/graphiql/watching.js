// What the running subscription has told so far, for the line below the answer.
const MOST = 100;
const listeners = new Set();
const NOTHING = { state: "none", count: 0, events: [], ended: "" };
let seen = NOTHING;

const become = (next) => {
  seen = next;
  listeners.forEach((listener) => listener());
};

export const watching = () => seen;

export const listen = (listener) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const forget = () => become(NOTHING);
export const begin = () => become({ ...NOTHING, state: "connecting" });
export const connected = () => become({ ...seen, state: "listening" });
export const end = (ended) => become({ ...seen, state: "ended", ended });

export const received = (result) => {
  const count = seen.count + 1;
  const event = { number: count, at: new Date(), text: JSON.stringify(result.data ?? result) };
  become({ ...seen, count, events: [event, ...seen.events].slice(0, MOST) });
};
