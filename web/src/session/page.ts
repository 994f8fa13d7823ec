/** What the served page says of the service: where it is, and the sandbox's demo keys on loopback. */

export interface DemoKey {
  name: string;
  key: string;
  secret: string;
}

const root = document.getElementById("root")!;
const DEMO_NAMES = ["partner", "operator", "readonly"];

export const endpoint = new URL(root.dataset.endpoint ?? "/graphql", location.href).href;
export const liveEndpoint = endpoint.replace(/^http/, "ws");
export const demoKeys: readonly DemoKey[] = readDemoKeys(root.dataset.keys ?? "{}");

function readDemoKeys(text: string): DemoKey[] {
  try {
    const keys = JSON.parse(text) as Record<string, { key: string; secret: string }>;
    return DEMO_NAMES.flatMap((name) => (keys[name] ? [{ name, ...keys[name] }] : []));
  } catch {
    return [];
  }
}
