// The browser tab's own storage: gone when the tab is closed, and seen by no other tab.
const GRAPHIQL = "graphiql:";
let closed = false;

const ofGraphiQL = () =>
  Object.keys(window.sessionStorage).filter((name) => name.startsWith(GRAPHIQL));

// As GraphiQL wants it: its own entries only, so that its "Clear data" signs nobody out.
export const graphiqlStorage = {
  getItem: (name) => window.sessionStorage.getItem(name),
  setItem: (name, value) => closed || window.sessionStorage.setItem(name, value),
  removeItem: (name) => window.sessionStorage.removeItem(name),
  clear: () => ofGraphiQL().forEach((name) => window.sessionStorage.removeItem(name)),
  get length() {
    return ofGraphiQL().length;
  },
};

// GraphiQL writes half a second late: from now on nothing is written any more.
export const wipe = () => {
  closed = true;
  window.sessionStorage.clear();
};
