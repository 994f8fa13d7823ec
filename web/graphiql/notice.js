// The last word about an example: in the panel, and where that covers the page, above it.
const listeners = new Set();
let text = "";

export const notice = () => text;

export const say = (next) => {
  text = next;
  listeners.forEach((listener) => listener());
};

export const listen = (listener) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};
