import { KITES } from "./service/goods";
import { expect, signIn, test, visit } from "./test";

test("readonly looks at products and orders, without a cart and without reveals", async ({
  page,
  service,
}) => {
  const order = await service.buy(KITES);
  await signIn(page, "readonly");
  const main = page.getByRole("navigation", { name: "Main" });
  await expect(main.getByRole("link")).toHaveText(["Catalog", "Orders"]);

  await visit(page, `/products/${await service.idOf(KITES)}`, KITES.name);
  await expect(page.getByText("Your key can look at products, and not buy them.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Add to cart" })).toHaveCount(0);

  await visit(page, `/orders/${order.id}`, `Order ${order.reference}`);
  await expect(page.getByText("your key lacks the right to open vouchers")).toBeVisible();
  await expect(page.getByRole("article", { name: "Voucher 1" })).toBeVisible();
  await expect(page.getByRole("button", { name: /Reveal|Cancel order|Resend/ })).toHaveCount(0);

  await visit(page, "/operations", "Operations");
  await expect(page.getByText("Your key does not open this part")).toBeVisible();
  await visit(page, "/cart", "Catalog");
  await visit(page, "/checkout", "Catalog");
});

test("the operator sees orders, and opens no voucher", async ({ page, service }) => {
  const order = await service.buy(KITES);
  await signIn(page, "operator");
  await expect(page.getByRole("heading", { level: 1, name: "Orders" })).toBeVisible();
  await visit(page, `/orders/${order.id}`, `Order ${order.reference}`);
  await expect(page.getByRole("article", { name: "Voucher 1" })).toBeVisible();
  await expect(page.getByRole("button", { name: /^Reveal/ })).toHaveCount(0);
});
