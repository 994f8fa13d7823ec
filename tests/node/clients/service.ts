// Where the service is and who asks, handed over by the test that starts this program.
const [, , url = "", key = "", secret = "", ...rest] = (globalThis as any).process.argv as string[];

export { url };
export const given = rest;
export const credentials = { "X-API-Key": key, "X-API-Secret": secret };

export function check(held: boolean, promise: string): asserts held {
  if (!held) throw new Error(promise);
}
