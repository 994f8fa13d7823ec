import type { Page } from "@playwright/test";

import { COURSES, JOURNEYS } from "./service/goods";
import type { Service } from "./service/service";
import { expect, signIn, test, visit } from "./test";

const PURPOSE = "Sent to the customer, ticket 4711 – späť";

test.use({ permissions: ["clipboard-read", "clipboard-write"] });

test("a voucher is opened for a purpose, copied, and hidden by the button", async ({
  page,
  service,
}) => {
  const { code, pin } = await openOrder(page, service);
  const voucher = page.getByRole("article", { name: "Voucher 1" });
  await expect(voucher.getByLabel("Hidden code")).toHaveText(/^\*+\w{0,4}$/);
  expect(await page.content()).not.toContain(code);

  await page.getByRole("button", { name: "Reveal voucher 1" }).click();
  const dialog = page.getByRole("dialog", { name: "Reveal voucher 1" });
  await expect(dialog.getByLabel("Purpose")).toBeFocused();
  await dialog.getByRole("button", { name: "Reveal" }).click();
  await expect(dialog.getByRole("alert")).toHaveText("Say what it is opened for");
  await dialog.getByLabel("Purpose").fill(PURPOSE);
  await dialog.getByRole("button", { name: "Reveal" }).click();

  const shown = page.getByRole("region", { name: "Voucher 1, revealed" });
  await expect(shown).toBeFocused();
  await expect(shown).toContainText(code);
  await expect(shown).toContainText(pin);
  await expect(shown.getByRole("timer")).toHaveText(/^Hidden again in (5\d|60) s$/);
  const row = await service.audited();
  expect([row.action, row.purpose]).toEqual(["VOUCHER_REVEALED", PURPOSE]);
  expect(row.fields).toEqual(expect.arrayContaining(["code", "pin"]));

  await shown.getByRole("button", { name: /^Copy code$/i }).click();
  await expect(shown.getByRole("status").filter({ hasText: "Copied" })).toBeAttached();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(code);
  await shown.getByRole("button", { name: "Copy PIN" }).click();
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(pin);
  await expectNothingKept(page, code, pin);

  await page.getByRole("button", { name: /^Hide/ }).click();
  await expectHidden(page, code, pin);
  await expect(page.getByRole("button", { name: "Reveal voucher 1" })).toBeFocused();
});

test("an open voucher is hidden again after a minute", async ({ page, service }) => {
  await page.clock.install();
  const { code, pin } = await openOrder(page, service);
  const shown = await reveal(page);
  await page.clock.fastForward(50_000);
  await expect(shown.getByRole("timer")).toHaveText(/^Hidden again in (\d|10) s$/);
  await expect(shown).toContainText(code);
  await page.clock.fastForward(11_000);
  await expectHidden(page, code, pin);
  await expect(page.getByRole("status").filter({ hasText: "after a minute" })).toBeAttached();
});

test("an open voucher is hidden when the page is left or covered", async ({ page, service }) => {
  const { code, pin } = await openOrder(page, service);
  await reveal(page);
  await page.getByRole("navigation", { name: "Main" }).getByText("Orders").click();
  await expect(page.getByRole("heading", { level: 1, name: "Orders" })).toBeVisible();
  await page.goBack();
  await expect(page.getByRole("button", { name: "Reveal voucher 1" })).toBeVisible();
  await expectHidden(page, code, pin);

  await reveal(page);
  await page.goto("about:blank");
  await page.goBack();
  await expect(page.getByRole("button", { name: "Reveal voucher 1" })).toBeVisible();
  await expectHidden(page, code, pin);

  await reveal(page);
  await page.evaluate(() => {
    Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await expectHidden(page, code, pin);
});

test("opening a second voucher hides the first", async ({ page, service }) => {
  const { code } = await openOrder(page, service, 2);
  await reveal(page, 1);
  const second = await reveal(page, 2);
  await expect(second).toContainText("Hidden again in");
  await expect(page.getByText(code)).toHaveCount(0);
});

test("an answer that comes after the dialog was closed is thrown away", async ({
  page,
  service,
}) => {
  const { code } = await openOrder(page, service);
  let answer: () => void = () => undefined;
  const held = new Promise<void>((go) => (answer = go));
  await page.route("**/graphql", async (route) => {
    if (route.request().postData()?.includes("query Reveal")) await held;
    await route.continue();
  });
  await page.getByRole("button", { name: "Reveal voucher 1" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Purpose").fill("Changed my mind");
  await dialog.getByRole("button", { name: "Reveal" }).click();
  await dialog.getByRole("button", { name: "Keep it hidden" }).click();
  const answered = page.waitForResponse((one) =>
    Boolean(one.request().postData()?.includes("query Reveal")),
  );
  answer();
  await (await answered).finished();
  await expect(page.getByRole("region", { name: "Voucher 1, revealed" })).toHaveCount(0);
  await expect(page.getByText(code)).toHaveCount(0);
});

test("a link is shown with its PIN, and leads away from the console safely", async ({
  page,
  service,
}) => {
  const order = await service.buy(COURSES);
  await signIn(page, "partner");
  await visit(page, `/orders/${order.id}`, /^Order VG-/);
  const shown = await reveal(page);
  const [voucher] = (await service.ledger("starship")).at(-1)!.vouchers;
  const { claimUrl, pin } = voucher as { claimUrl: string; pin: string };
  await expect(shown).toContainText(claimUrl);
  await expect(shown).toContainText(pin);
  const link = shown.getByRole("link", { name: "Open the claim page" });
  await expect(link).toHaveAttribute("href", claimUrl);
  await expect(link).toHaveAttribute("rel", /noreferrer/);
});

/** A delivered order's page, with what its first voucher holds at the provider. */
async function openOrder(page: Page, service: Service, quantity = 1) {
  const order = await service.buy(JOURNEYS, quantity);
  const { vouchers } = (await service.ledger(JOURNEYS.provider)).at(-1)!;
  await signIn(page, "partner");
  await visit(page, `/orders/${order.id}`, `Order ${order.reference}`);
  return vouchers[0] as { code: string; pin: string };
}

async function reveal(page: Page, number = 1) {
  await page.getByRole("button", { name: `Reveal voucher ${number}` }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Purpose").fill("Trying it");
  await dialog.getByRole("button", { name: "Reveal" }).click();
  const shown = page.getByRole("region", { name: `Voucher ${number}, revealed` });
  await expect(shown).toBeVisible();
  return shown;
}

async function expectHidden(page: Page, ...secrets: string[]): Promise<void> {
  await expect(page.getByRole("region", { name: /, revealed$/ })).toHaveCount(0);
  const content = await page.content();
  for (const secret of secrets) expect(content).not.toContain(secret);
  await expectNothingKept(page, ...secrets);
}

/** Neither the address nor any store of the browser has them, while they are shown or later. */
async function expectNothingKept(page: Page, ...secrets: string[]): Promise<void> {
  const kept = await page.evaluate(async () =>
    JSON.stringify([
      location.href,
      history.state,
      document.title,
      document.cookie,
      { ...localStorage },
      { ...sessionStorage },
      await indexedDB.databases(),
      await caches.keys(),
      performance.getEntries().map(({ name }) => name),
    ]),
  );
  for (const secret of secrets) expect(kept).not.toContain(secret);
  expect(kept).toContain("vouchergraph.credentials");
}
