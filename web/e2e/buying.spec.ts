import { FOUR, KITES, LOOMS, WORKSHOP } from "./service/goods";
import {
  checkOut,
  expect,
  fillCart,
  orderButton,
  orderStatus,
  signIn,
  sumOf,
  test,
  visit,
} from "./test";

test("cards of four providers are bought in one cart, and arrive without a reload", async ({
  page,
  service,
}) => {
  const providers = FOUR.map(({ provider }) => provider);
  await service.holdBack(...providers);
  await signIn(page, "partner");
  for (const { name, provider, faceValue } of FOUR) {
    await page.getByRole("navigation", { name: "Main" }).getByText("Catalog").click();
    await page.getByRole("searchbox", { name: "Search products" }).fill(name);
    const card = page.getByRole("article").filter({ hasText: TITLES[provider] });
    await expect(card).toHaveCount(1);
    await card.getByRole("link", { name }).click();
    await expect(page.getByRole("heading", { level: 1, name })).toBeFocused();
    const value = page.getByRole("radio", { name: new RegExp(`^.${parseInt(faceValue)}$`) });
    await value.check({ force: true });
    await page.getByRole("button", { name: "Add to cart" }).click();
    await expect(page.getByRole("status").filter({ hasText: "added to the cart" })).toBeVisible();
  }
  await expect(page.getByRole("link", { name: "Cart 4 in it" })).toBeVisible();

  await page.getByRole("link", { name: "Go to the cart" }).click();
  await expect(page.getByRole("list", { name: "Lines of the cart" })).toContainText("Xoxoday Plum");
  const totals = page.getByRole("complementary", { name: "Totals" });
  await expect(totals).toContainText("Total in INR₹428.50");
  await expect(totals).toContainText("Total in EUR€19.50");

  await page.getByRole("link", { name: "Check out" }).click();
  await expect(page.getByRole("table", { name: "What you order" }).getByRole("row")).toHaveCount(5);
  await expect(page.getByText("Paid from your wallet")).toBeVisible();
  let loads = 0;
  page.on("load", () => loads++);
  await page.getByRole("button", { name: "Order for ₹428.50 + €19.50" }).click();

  await expect(page.getByRole("heading", { level: 1, name: /^Order VG-/ })).toBeVisible();
  await expect(orderStatus(page)).toHaveText(/Pending|Processing/);
  await expect(page.getByText("Followed live: this page changes by itself")).toBeVisible();
  await expect(page.getByText("They appear here as soon as they come")).toBeVisible();

  await service.pass(...providers);
  await expect(orderStatus(page)).toHaveText("Delivered", { timeout: 30_000 });
  await expect(page.getByRole("heading", { name: "Vouchers (4)" })).toBeVisible();
  await expect(page.getByText("1 of 1 delivered")).toHaveCount(4);
  await expect(sumOf(page, "Indian Rupee", "Captured")).toContainText("₹428.50");
  await expect(sumOf(page, "Euro", "Captured")).toContainText("€19.50");
  await expect(page.getByRole("list", { name: "What happened, newest first" })).toContainText(
    "Status changed: delivered",
  );
  expect(loads).toBe(0);
  await expect(page.getByRole("link", { name: /^Cart/ })).toHaveText("Cart");
});

const TITLES = {
  enkash: "EnKash",
  starship: "Starship Rewards",
  xoxoday: "Xoxoday Plum",
  woohoo: "Woohoo",
};

test("quantities change in the cart, lines leave it, and totals stay exact", async ({
  page,
  service,
}) => {
  await signIn(page, "partner");
  await fillCart(page, service, [KITES, 2], [LOOMS, 3]);
  await page.getByRole("link", { name: "Go to the cart" }).click();
  const totals = page.getByRole("complementary", { name: "Totals" });
  await expect(totals).toContainText("Total₹919.50");
  await expect(totals).toContainText("You save−₹30.50");

  const kites = page.getByRole("listitem").filter({ hasText: KITES.name });
  await kites.getByRole("button", { name: "One more" }).click();
  await expect(totals).toContainText("Total₹1,015.50");
  const looms = page.getByRole("listitem").filter({ hasText: LOOMS.name });
  await looms.getByRole("button", { name: /^Remove/ }).click();
  await expect(looms).toHaveCount(0);
  await expect(totals).toContainText("Total₹288.00");

  await page.reload();
  await expect(totals).toContainText("Total₹288.00");
  await kites.getByRole("button", { name: /^Remove/ }).click();
  await expect(page.getByText("Your cart is empty")).toBeVisible();
});

test("a price that went up since stops the order until it is looked at", async ({
  page,
  service,
}) => {
  await signIn(page, "partner");
  await fillCart(page, service, [WORKSHOP, 1]);
  await checkOut(page);
  await expect(page.getByRole("button", { name: "Order for €19.50" })).toBeVisible();
  await service.break("starship", {
    operation: "*",
    fault: "drifted_price",
    match: { sku: WORKSHOP.sku },
  });
  await orderButton(page).click();
  await expect(page.getByRole("alert").filter({ hasText: "Nothing was bought" })).toBeVisible();
  await page.getByRole("button", { name: "Look at the new price" }).click();
  await page.getByRole("button", { name: "Order for €20.00" }).click();
  await expect(page.getByRole("heading", { level: 1, name: /^Order VG-/ })).toBeVisible();
});

test("orders are listed, found by reference and narrowed", async ({ page, service }) => {
  const { reference } = await service.buy(KITES);
  await signIn(page, "partner");
  await page.getByRole("link", { name: "Orders" }).click();
  const table = page.getByRole("table", { name: "Orders, newest first" });
  await expect(table.getByRole("row").nth(1)).toContainText(reference);

  await page.getByRole("searchbox", { name: "Reference" }).fill(reference);
  await page.keyboard.press("Enter");
  await expect(page.getByText("1 order, newest first")).toBeVisible();
  await expect(table.getByRole("row")).toHaveCount(2);
  await page.getByRole("button", { name: "Clear filters" }).click();

  await page.getByRole("button", { name: "Status" }).click();
  await page.getByRole("checkbox", { name: "Partly delivered" }).check();
  await page.keyboard.press("Escape");
  await expect(page).toHaveURL(/status=PARTIALLY_DELIVERED/);
  await expect(table.getByRole("row").filter({ hasText: reference })).toHaveCount(0);
  await expect(table.getByRole("row").nth(1)).toContainText("Partly delivered");
  const others = table.getByRole("row").filter({ hasNotText: "Partly delivered" });
  await expect(others).toHaveCount(1);

  await page.getByRole("button", { name: "Clear filters" }).click();
  await page.getByRole("navigation", { name: "Pages of orders" }).getByText("Next").click();
  await expect(table.getByRole("row").filter({ hasText: reference })).toHaveCount(0);
  await page.goBack();
  await table.getByRole("link", { name: reference }).click();
  await expect(orderStatus(page)).toHaveText("Delivered");
});

test("an order that another client places appears in the list by itself", async ({
  page,
  service,
}) => {
  await signIn(page, "partner");
  await visit(page, "/orders", "Orders");
  await expect(page.getByRole("status").filter({ hasText: "Live" })).toBeVisible();
  const table = page.getByRole("table", { name: "Orders, newest first" });
  await expect(table).toBeVisible();
  const { reference } = await service.buy(LOOMS);
  await expect(table.getByRole("row").filter({ hasText: reference })).toContainText("Delivered");
});

test("an order that waits is cancelled, and its money given back", async ({ page, service }) => {
  await service.pause("woohoo");
  const { id } = await service.buy(LOOMS, 2);
  await signIn(page, "partner");
  await visit(page, `/orders/${id}`, /^Order VG-/);
  await page.getByRole("button", { name: "Cancel order" }).click();
  const dialog = page.getByRole("dialog", { name: /^Cancel order/ });
  await dialog.getByLabel("Reason").fill("Ordered by mistake");
  await dialog.getByRole("button", { name: "Cancel the order" }).click();
  await expect(orderStatus(page)).toHaveText("Cancelled");
  await expect(sumOf(page, "Indian Rupee", "Released")).toContainText("₹485.00");
});
