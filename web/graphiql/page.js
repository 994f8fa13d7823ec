// What the service wrote into the page. Keys are there in the sandbox alone, for browsers on its own
// machine; samples are orders that the simulators know, by provider.
export const root = document.getElementById("graphiql");

export const endpoint = new URL(root.dataset.endpoint, window.location.href);
export const demoKeys = JSON.parse(root.dataset.keys);
export const samples = JSON.parse(root.dataset.samples);
export const isSandbox = Object.keys(samples).length > 0;
