import { test as base, expect, type Page } from "@playwright/test";

import type { Goods } from "./service/goods";
import { Service, type ClientName } from "./service/service";
import { Watch } from "./watch";

interface Given {
  service: Service;
  watch: Watch;
}

/** Tests with a service of their worker, watched in all that the browser asks and tells. */
export const test = base.extend<Given>({
  service: async ({}, use, { parallelIndex }) => {
    const service = await Service.ofWorker(parallelIndex);
    await use(service);
    await service.heal();
  },
  baseURL: async ({ service }, use) => use(service.origin),
  watch: [
    async ({ context, service }, use) => {
      const watch = new Watch(service.origin);
      await watch.over(context);
      await use(watch);
      expect(watch.wrong).toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

export async function signIn(page: Page, client: ClientName): Promise<void> {
  await page.goto("/console/");
  await page.getByRole("button", { name: `Sign in as ${client}` }).click();
  await expect(page.getByRole("navigation", { name: "Main" })).toBeVisible();
}

/** Goes to a page of the console and waits for its heading. */
export async function visit(page: Page, path: string, heading: string | RegExp): Promise<void> {
  await page.goto(`/console${path}`);
  await expect(page.getByRole("heading", { level: 1, name: heading })).toBeVisible();
}

/** Puts goods into the cart, each on its own page. */
export async function fillCart(
  page: Page,
  service: Service,
  ...lines: [goods: Goods, quantity: number][]
): Promise<void> {
  for (const [goods, quantity] of lines) {
    await visit(page, `/products/${await service.idOf(goods)}`, goods.name);
    const quantityField = page.getByRole("textbox", { name: "Quantity" });
    await quantityField.fill(String(quantity));
    await quantityField.blur();
    await page.getByRole("button", { name: "Add to cart" }).click();
    await expect(page.getByRole("link", { name: "Go to the cart" })).toBeVisible();
  }
}

/** From a filled cart to the page where it is ordered. */
export async function checkOut(page: Page): Promise<void> {
  await page.getByRole("link", { name: /^Cart/ }).click();
  await page.getByRole("link", { name: "Check out" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Checkout" })).toBeVisible();
}

export function orderButton(page: Page) {
  return page.getByRole("button", { name: /^Order for/ });
}

export function orderStatus(page: Page) {
  return page.getByRole("status", { name: "Order status" });
}

/** One of the sums under "Money" on an order's page. */
export function sumOf(page: Page, currency: string, name: string) {
  const sums = page.getByRole("region", { name: `In ${currency}` });
  return sums.locator("dl > div").filter({ hasText: new RegExp(`^${name}`) });
}
