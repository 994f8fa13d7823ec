import { COURSES, KITES, THREADS, WORKSHOP } from "./service/goods";
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

test("a provider whose catalog cannot be read is named, and the rest is there", async ({
  page,
  service,
}) => {
  await service.readCatalogs({ away: "starship" });
  await signIn(page, "partner");
  const notice = page.getByRole("status").filter({ hasText: "Starship Rewards could not be read" });
  await expect(notice).toContainText("are shown as they were on");
  await expect(page.getByRole("article")).toHaveCount(24);

  await service.readCatalogs();
  await notice.getByRole("button", { name: "Try again" }).click();
  await expect(notice).toHaveCount(0);
});

test("a provider that is down: the cart says so, the order waits, and goes on by itself", async ({
  page,
  service,
}) => {
  await signIn(page, "partner");
  await fillCart(page, service, [KITES, 1], [THREADS, 1]);
  await service.break("xoxoday", { operation: "*", fault: "refused" });
  await page.getByRole("link", { name: "Go to the cart" }).click();
  const line = page.getByRole("listitem").filter({ hasText: THREADS.name });
  await expect(line.getByText("Price not confirmed")).toBeVisible();
  await expect(line.getByRole("status")).toBeVisible();
  await expect(
    page.getByRole("listitem").filter({ hasText: KITES.name }).getByText("Price not confirmed"),
  ).toHaveCount(0);

  await page.getByRole("link", { name: "Check out" }).click();
  await expect(page.getByRole("status").filter({ hasText: "price" })).toBeVisible();
  await orderButton(page).click();
  await expect(orderStatus(page)).toHaveText("Partly delivered");
  const part = page.getByRole("article", { name: `Xoxoday Plum: ${THREADS.name}` });
  await expect(part).toContainText("can still be cancelled");
  await expect(part.getByRole("alert")).toContainText("Nothing was bought or changed");
  await expect(sumOf(page, "Indian Rupee", "Held")).toContainText("₹90.00");
  await expect(sumOf(page, "Indian Rupee", "Captured")).toContainText("₹96.00");

  await service.mend("xoxoday");
  await expect(orderStatus(page)).toHaveText("Delivered", { timeout: 30_000 });
  await expect(sumOf(page, "Indian Rupee", "Captured")).toContainText("₹186.00");
});

test("a partial delivery: what came can be opened, the rest is given back to the cent", async ({
  page,
  service,
}) => {
  await service.holdRest("starship");
  const match = { sku: COURSES.sku };
  await service.break("starship", { operation: "place", fault: "partial", match });
  await signIn(page, "partner");
  await fillCart(page, service, [COURSES, 3]);
  await checkOut(page);
  await page.getByRole("button", { name: "Order for ₹297.00" }).click();

  await expect(orderStatus(page)).toHaveText("Partly delivered");
  const sum = (name: string) => sumOf(page, "Indian Rupee", name);
  await expect(sum("Held")).toContainText("₹198.00");
  await expect(sum("Captured")).toContainText("₹99.00");
  await expect(page.getByText("1 of 3 delivered")).toBeVisible();

  await service.pass("starship");
  await expect(page.getByText("The rest does not come; its price was given back.")).toBeVisible({
    timeout: 30_000,
  });
  await expect(sum("Held")).toContainText("₹0.00");
  await expect(sum("Captured")).toContainText("₹99.00");
  await expect(sum("Released")).toContainText("₹198.00");
  await expect(page.getByText("Settled: nothing more is expected to happen.")).toBeVisible();
  const lines = page.getByRole("table", { name: "Lines of this order" });
  await expect(lines).toContainText("2 failed");
  await expect(page.getByRole("button", { name: /^Reveal voucher/ })).toHaveCount(1);
});

test("an order that a provider refuses says why, and what can be done", async ({
  page,
  service,
}) => {
  const match = { sku: WORKSHOP.sku };
  await service.break("starship", { operation: "place", fault: "low_balance", match });
  const { id } = await service.buy(WORKSHOP);
  await signIn(page, "partner");
  await visit(page, `/orders/${id}`, /^Order VG-/);
  await expect(orderStatus(page)).toHaveText("Failed");
  const part = page.getByRole("article", { name: `Starship Rewards: ${WORKSHOP.name}` });
  await expect(part).toContainText("Starship Rewards did not take it.");
  await expect(part.getByRole("alert")).toContainText("Our balance at the provider is too low.");
  await expect(part.getByRole("alert")).toContainText("Tell whoever runs Vouchergraph");
  await expect(sumOf(page, "Euro", "Released")).toContainText("€19.50");
});
