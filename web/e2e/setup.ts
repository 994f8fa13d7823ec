import type { FullConfig } from "@playwright/test";

import { start, type Running } from "./service/process";

/** A service for each worker: what a test breaks at a provider concerns no test of another. */
export default async function setup({ workers }: FullConfig): Promise<() => Promise<void>> {
  const starting = await Promise.allSettled(Array.from({ length: workers }, start));
  const running = starting.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const stop = async () => {
    await Promise.all(running.map((service: Running) => service.stop()));
  };
  const failed = starting.find((one) => one.status === "rejected");
  if (failed) {
    await stop();
    throw failed.reason;
  }
  process.env.E2E_SERVICES = JSON.stringify(running.map(({ directory }) => directory));
  return stop;
}
