import { inReview } from "./pages";
import { KITES } from "./service/goods";
import type { Service } from "./service/service";
import { expect, orderStatus, signIn, sumOf, test, visit } from "./test";

test("the dashboard tells how providers and orders do, and stops buying at one", async ({
  page,
}) => {
  await signIn(page, "operator");
  await page.getByRole("link", { name: "Operations", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Operations" })).toBeVisible();
  for (const name of ["EnKash", "Starship Rewards", "Xoxoday Plum", "Woohoo"]) {
    const card = page.getByRole("region", { name: new RegExp(`^${name}`) });
    await expect(card).toContainText(/Healthy|Degraded|Down/);
    await expect(card).toContainText(/Circuit breaker(Closed|Open|Half open)/);
    await expect(card).toContainText(/Latency, .*95/);
  }
  const glance = page.getByRole("list", { name: "At a glance" });
  await expect(glance).toContainText("Needs review");
  await expect(glance).toContainText("Healthy providers");

  const orders = page.getByRole("region", { name: "Orders by status" });
  await expect(orders.locator("svg.recharts-surface")).toBeVisible();
  await orders.getByRole("radio", { name: "30 days" }).check({ force: true });
  await expect(page).toHaveURL(/period=30d/);
  await orders.getByRole("radio", { name: "Table" }).check({ force: true });
  await expect(orders.getByRole("table")).toContainText("Delivered");

  await page.getByRole("button", { name: "Pause Woohoo" }).click();
  const dialog = page.getByRole("dialog", { name: "Pause Woohoo?" });
  await dialog.getByRole("button", { name: "Pause Woohoo" }).click();
  await expect(dialog.getByRole("alert")).toContainText("Say why");
  await dialog.getByLabel("Reason").fill("Their maintenance window");
  await dialog.getByRole("button", { name: "Pause Woohoo" }).click();
  await expect(page.getByRole("region", { name: /^Woohoo/ })).toContainText("Paused");
  await page.getByRole("button", { name: "Resume Woohoo" }).click();
  await page
    .getByRole("dialog")
    .getByRole("button", { name: /Resume|Buy/ })
    .click();
  await expect(page.getByRole("button", { name: "Pause Woohoo" })).toBeVisible();
});

test("what needs review is decided in two steps, and its money given back", async ({
  page,
  service,
}) => {
  await signIn(page, "operator");
  const { id, reference, item } = await inReview(page, service);
  await expect(item).toContainText("it cannot be found out whether Starship Rewards has it");
  await item.locator("summary").click();
  await expect(item.getByRole("table")).toContainText("Outcome unknown");

  await item.getByRole("button", { name: /^Resolve/ }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Continue" }).click();
  await expect(dialog.getByText("Choose what is to be done.")).toBeVisible();
  await dialog.getByText("Release", { exact: true }).click();
  await dialog.getByLabel("Reason").fill("They confirmed that they never had it");
  await dialog.getByRole("button", { name: "Continue" }).click();
  await expect(dialog).toContainText("This cannot be taken back.");
  await dialog.getByRole("button", { name: "Release" }).click();
  await expect(page.getByRole("status").filter({ hasText: "is resolved" })).toBeVisible();
  await expect(item).toHaveCount(0);

  await visit(page, `/orders/${id}`, `Order ${reference}`);
  await expect(orderStatus(page)).toHaveText("Failed");
  await expect(sumOf(page, "Euro", "Held")).toContainText("€0.00");
  await expect(sumOf(page, "Euro", "Released")).toContainText("€19.50");
  const row = await service.audited();
  expect(row).toMatchObject({
    action: "FULFILLMENT_RESOLVED",
    purpose: "They confirmed that they never had it",
  });
});

test("money is added to the wallet exactly once, to the cent", async ({ page, watch }) => {
  watch.expect(/ERR_FAILED/);
  await signIn(page, "operator");
  await visit(page, "/operations/wallet", "Wallet");
  const euros = page.getByRole("list", { name: "Balances" }).getByText("Euro").locator("xpath=..");
  const before = cents(await euros.innerText());
  let tries = 0;
  await page.route("**/graphql", async (route) => {
    if (!route.request().postData()?.includes("mutation TopUpWallet")) return route.fallback();
    if (++tries > 1) return route.fallback();
    await route.fetch();
    return route.abort();
  });
  await page.getByRole("button", { name: "Top up" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Amount").fill("1234.56");
  await dialog.getByLabel("Currency").fill("eur");
  await dialog.getByRole("button", { name: "Continue" }).click();
  await expect(dialog).toContainText("€1,234.56");
  await dialog.getByRole("button", { name: "Add €1,234.56" }).click();
  await expect(dialog).toContainText("No answer came");
  await dialog.getByRole("button", { name: "Try again" }).click();
  await expect(dialog).toHaveCount(0);
  expect(tries).toBe(2);

  await expect.poll(async () => cents(await euros.innerText()) - before).toBe(123_456n);
  const newest = page
    .getByRole("table", { name: /^Movements of money/ })
    .getByRole("row")
    .nth(1);
  await expect(newest).toContainText("Topped up");
  await expect(newest).toContainText("€1,234.56");
});

test("the audit chain is intact, and says who opened what and why", async ({ page, service }) => {
  const { reference } = await opened(service, "For the audit to see");
  await signIn(page, "operator");
  await visit(page, "/operations/audit", "Audit");
  await expect(page.getByText("The chain is intact")).toBeVisible();
  const newest = page
    .getByRole("table", { name: /^Audit events/ })
    .getByRole("row")
    .nth(1);
  await expect(newest).toContainText("Voucher opened");
  await expect(newest).toContainText("For the audit to see");
  await expect(newest).toContainText(reference);
  await page.getByRole("button", { name: "Check again" }).click();
  await expect(page.getByText("Every row was checked")).toBeVisible();
});

test("who may not operate sees no part of it", async ({ page }) => {
  await signIn(page, "partner");
  const main = page.getByRole("navigation", { name: "Main" });
  await expect(main.getByRole("link", { name: "Operations" })).toHaveCount(0);
  await visit(page, "/operations/review", "Wallet");
  await expect(page.getByRole("button", { name: "Top up" })).toHaveCount(0);
});

/** A voucher that was opened for a purpose, without the browser. */
async function opened(service: Service, purpose: string) {
  const order = await service.buy(KITES);
  await service.reveal(order.id, purpose);
  return order;
}

function cents(shown: string): bigint {
  return BigInt(/€([\d,]+\.\d\d)/.exec(shown)![1]!.replace(/[,.]/g, ""));
}
