import { KITES, WELLNESS } from "./service/goods";
import { expect, signIn, test, visit } from "./test";

test("products of every provider are browsed page by page, by links that can be kept", async ({
  page,
}) => {
  await signIn(page, "partner");
  await expect(page.getByText(/^\d+ products$/)).toBeVisible();
  for (const provider of ["EnKash", "Starship Rewards", "Xoxoday Plum", "Woohoo"]) {
    const fresh = page.getByRole("list", { name: "How fresh each provider's products are" });
    await expect(fresh.getByRole("listitem").filter({ hasText: provider })).toBeVisible();
  }
  const names = page.getByRole("article").getByRole("heading");
  await expect(names).toHaveCount(24);
  const first = await names.allTextContents();

  const pages = page.getByRole("navigation", { name: "Pages of products" });
  await expect(pages.getByRole("button", { name: "Previous" })).toBeDisabled();
  await pages.getByRole("button", { name: "Next" }).click();
  await expect(names.first()).not.toHaveText(first[0]!);
  expect(page.url()).toContain("after=");

  await page.reload();
  await expect(names).toHaveCount(24);
  const second = await names.allTextContents();
  expect(second).not.toEqual(first);
  await pages.getByRole("button", { name: "Previous" }).click();
  await expect(names).toHaveText(first);
  await page.goBack();
  await expect(names).toHaveText(second);
});

test("a search finds by words, and says when nothing fits", async ({ page }) => {
  await signIn(page, "partner");
  const box = page.getByRole("searchbox", { name: "Search products" });
  await box.fill("driftwell kites");
  await expect(page.getByRole("article")).toHaveCount(1);
  await expect(page.getByRole("article")).toContainText("Driftwell Kites");
  expect(page.url()).toContain("search=driftwell+kites");

  await box.fill("no such brand at all");
  await expect(page.getByText("Nothing fits")).toBeVisible();
  await page.getByRole("button", { name: "Clear the search", exact: true }).last().click();
  await expect(page.getByRole("article")).toHaveCount(24);
});

test("filters narrow the list, stand in the address and are cleared", async ({ page }) => {
  await signIn(page, "partner");
  await page.getByRole("button", { name: "Provider" }).click();
  await page.getByRole("checkbox", { name: "Starship Rewards" }).check();
  await page.getByRole("checkbox", { name: "Xoxoday Plum" }).check();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("button", { name: /^Provider: / })).toBeFocused();

  await page.getByRole("button", { name: "Currency" }).click();
  await page.getByRole("searchbox", { name: "Find in currency" }).fill("EUR");
  await page.getByRole("checkbox", { name: /^EUR/ }).check();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Available now" }).click();
  await expect(page).toHaveURL(/provider=starship%2Cxoxoday.*currency=EUR.*available=yes/);
  const cards = page.getByRole("article");
  await expect(cards.filter({ hasText: "₹" })).toHaveCount(0);
  await expect(cards.filter({ hasText: /EnKash|Woohoo|Not available/ })).toHaveCount(0);
  expect(await cards.filter({ hasText: "€" }).count()).toBeGreaterThan(3);

  await page.getByRole("button", { name: "Face value" }).click();
  await page.getByLabel("At least").fill("a lot");
  await page.getByRole("button", { name: "Apply" }).click();
  await expect(page.getByText("Such as 500 or 12.50")).toBeVisible();
  await page.getByLabel("At least").fill("1000000");
  await page.getByRole("button", { name: "Apply" }).click();
  await expect(page.getByText("Nothing fits")).toBeVisible();
  await page.getByRole("button", { name: "Clear filters" }).first().click();
  await expect(cards).toHaveCount(24);
  expect(new URL(page.url()).search).toBe("");
});

test("the largest discount stands first when it is asked for", async ({ page }) => {
  await signIn(page, "partner");
  await page.getByLabel("Sort").selectOption({ label: "Largest discount first" });
  await expect(page.getByRole("article").first()).toContainText("12% off");
});

test("a product tells its face values, prices and terms", async ({ page, service }) => {
  await signIn(page, "partner");
  await visit(page, `/products/${await service.idOf(KITES)}`, KITES.name);
  const values = page.getByRole("table", { name: "Face values and prices" });
  await expect(values.getByRole("row", { name: /^₹100 / })).toContainText("₹96.00");
  await expect(page.getByRole("definition").filter({ hasText: "Code and PIN" })).toBeVisible();
  await page.getByRole("radio", { name: "₹250" }).check({ force: true });
  await page.getByRole("button", { name: "One more" }).click();
  await expect(page.getByRole("complementary", { name: "Buy it" })).toContainText("₹480.00");
});

test("an amount outside the range is refused before it is sent", async ({ page, service }) => {
  await signIn(page, "partner");
  await visit(page, `/products/${await service.idOf(WELLNESS)}`, WELLNESS.name);
  const amount = page.getByRole("textbox", { name: /^Face value in/ });
  await amount.fill("999999");
  await page.getByRole("button", { name: "Add to cart" }).click();
  await expect(page.getByRole("alert").filter({ hasText: "At most" })).toBeVisible();
  await expect(amount).toHaveAttribute("aria-invalid", "true");
  await amount.fill("50");
  await page.getByRole("button", { name: "Add to cart" }).click();
  await expect(page.getByRole("link", { name: "Go to the cart" })).toBeVisible();
});

test("an address that leads nowhere says so", async ({ page }) => {
  await signIn(page, "partner");
  await visit(page, "/nowhere/at/all", "Nothing here");
  await page.getByRole("link", { name: "Go to the start" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Catalog" })).toBeVisible();
});
