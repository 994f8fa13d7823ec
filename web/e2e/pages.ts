import type { Page } from "@playwright/test";

import { COURSES, JOURNEYS, KITES, LOOMS, WELLNESS, WORKSHOP } from "./service/goods";
import type { ClientName, Service } from "./service/service";
import { checkOut, expect, fillCart, orderButton, visit } from "./test";

/** A page of the console with something on it, and how somebody who is signed in gets there. */
export interface Shown {
  name: string;
  show: (page: Page, service: Service) => Promise<void>;
}

/** Every page that a client of the sandbox may see. */
export function pagesOf(client: keyof typeof PAGES): Shown[] {
  return PAGES[client];
}

const PAGES = {
  partner: [
    { name: "catalog", show: async (page) => catalog(page) },
    {
      name: "product",
      show: async (page, service) => {
        await visit(page, `/products/${await service.idOf(KITES)}`, KITES.name);
      },
    },
    {
      name: "product with a range",
      show: async (page, service) => {
        await visit(page, `/products/${await service.idOf(WELLNESS)}`, WELLNESS.name);
      },
    },
    {
      name: "cart",
      show: async (page, service) => {
        await fillCart(page, service, [KITES, 2], [WORKSHOP, 1], [LOOMS, 3]);
        await page.getByRole("link", { name: "Go to the cart" }).click();
        await expect(page.getByRole("link", { name: "Check out" })).toBeVisible();
      },
    },
    {
      name: "checkout",
      show: async (page, service) => {
        await fillCart(page, service, [KITES, 2], [WORKSHOP, 1]);
        await checkOut(page);
        await expect(orderButton(page)).toBeVisible();
        await page.getByRole("button", { name: "Name one" }).click();
        await expect(page.getByText("Paid from your wallet")).toBeVisible();
      },
    },
    { name: "orders", show: orders },
    {
      name: "order, delivered",
      show: async (page, service) => {
        const order = await service.buy(JOURNEYS, 3);
        await visit(page, `/orders/${order.id}`, `Order ${order.reference}`);
        await page.getByRole("button", { name: "Reveal voucher 2" }).click();
        await page.getByRole("dialog").getByLabel("Purpose").fill("For its looks");
        await page.getByRole("dialog").getByRole("button", { name: "Reveal" }).click();
        await expect(page.getByRole("region", { name: "Voucher 2, revealed" })).toBeVisible();
      },
    },
    {
      name: "order, partly delivered",
      show: async (page, service) => {
        const match = { sku: COURSES.sku };
        await service.break("starship", { operation: "place", fault: "partial", match });
        const order = await service.buy(COURSES, 3);
        await visit(page, `/orders/${order.id}`, `Order ${order.reference}`);
        await expect(page.getByText("Some units are here.")).toBeVisible();
        await expect(page.getByRole("button", { name: "Reveal voucher 1" })).toBeVisible();
      },
    },
    {
      name: "order, refused",
      show: async (page, service) => {
        const match = { sku: WORKSHOP.sku };
        await service.break("starship", { operation: "place", fault: "low_balance", match });
        const order = await service.buy(WORKSHOP);
        await visit(page, `/orders/${order.id}`, `Order ${order.reference}`);
        await expect(page.getByRole("alert").filter({ hasText: /balance/i })).toBeVisible();
      },
    },
    {
      name: "reveal",
      show: async (page, service) => {
        const order = await service.buy(JOURNEYS);
        await visit(page, `/orders/${order.id}`, `Order ${order.reference}`);
        await page.getByRole("button", { name: "Reveal voucher 1" }).click();
        await expect(page.getByRole("dialog")).toBeVisible();
      },
    },
    { name: "wallet", show: wallet },
    { name: "nothing here", show: (page) => visit(page, "/nowhere", "Nothing here") },
  ],
  operator: [
    {
      name: "operations",
      show: async (page) => {
        await visit(page, "/operations", "Operations");
        await expect(page.getByRole("list", { name: "At a glance" })).toBeVisible();
        await expect(page.locator("svg.recharts-surface").first()).toBeVisible();
      },
    },
    {
      name: "review",
      show: async (page, service) => {
        await inReview(page, service);
        await page.getByRole("listitem").locator("summary").first().click();
      },
    },
    {
      name: "resolving",
      show: async (page, service) => {
        await inReview(page, service);
        await page
          .getByRole("button", { name: /^Resolve/ })
          .first()
          .click();
        await expect(page.getByRole("dialog")).toBeVisible();
      },
    },
    {
      name: "topping up",
      show: async (page) => {
        await wallet(page);
        await page.getByRole("button", { name: "Top up" }).click();
        await expect(page.getByRole("dialog")).toBeVisible();
      },
    },
    {
      name: "audit",
      show: async (page, service) => {
        await service.reveal((await service.buy(JOURNEYS)).id, "For the audit's looks");
        await visit(page, "/operations/audit", "Audit");
        await expect(page.getByText("The chain is intact")).toBeVisible();
        await expect(page.getByRole("table", { name: /^Audit events/ })).toBeVisible();
      },
    },
  ],
  readonly: [
    {
      name: "product",
      show: async (page, service) => {
        await visit(page, `/products/${await service.idOf(KITES)}`, KITES.name);
      },
    },
    {
      name: "operations",
      show: (page) => visit(page, "/operations", "Operations"),
    },
  ],
} satisfies Partial<Record<ClientName, Shown[]>>;

async function catalog(page: Page): Promise<void> {
  await visit(page, "/", "Catalog");
  await expect(page.getByRole("article")).toHaveCount(24);
}

async function orders(page: Page): Promise<void> {
  await visit(page, "/orders", "Orders");
  await expect(page.getByRole("table", { name: "Orders, newest first" })).toBeVisible();
}

async function wallet(page: Page): Promise<void> {
  await visit(page, "/operations/wallet", "Wallet");
  await expect(page.getByRole("list", { name: "Balances" })).toBeVisible();
}

/** The review queue once an order is in it: its outcome was unknown, then its provider refused it. */
export async function inReview(page: Page, service: Service) {
  const match = { sku: WORKSHOP.sku };
  await service.break(
    "starship",
    { operation: "place", fault: "error_before", times: 1, match },
    { operation: "place", fault: "low_balance", match },
  );
  const order = await service.buy(WORKSHOP);
  await visit(page, "/operations/review", "Review");
  const item = page.getByRole("listitem").filter({ hasText: order.reference });
  await expect(item).toContainText("Needs review", { timeout: 30_000 });
  return { ...order, item };
}
