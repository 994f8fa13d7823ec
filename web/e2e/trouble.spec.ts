import type { Page, WebSocketRoute } from "@playwright/test";

import { COURSES, KITES, LOOMS, THREADS, WORKSHOP } from "./service/goods";
import { checkOut, expect, fillCart, orderButton, orderStatus, signIn, sumOf, test, visit } from "./test";

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

test("a provider that is down: the cart says so, the order fails safely, money stays", async ({
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
  await orderButton(page).click();
  await page.waitForTimeout(3000);
  console.log(await page.locator("main").innerText());
});

test("a lost answer: trying again finds the one order that was placed", async ({
  page,
  service,
  watch,
}) => {
  watch.expect(/ERR_FAILED/);
  const before = (await service.ledger("enkash")).length;
  await signIn(page, "partner");
  await fillCart(page, service, [KITES, 1]);
  await checkOut(page);
  const keys = await loseAnswers(page, { reached: true });
  await orderButton(page).click();
  const notice = page.getByRole("status").filter({ hasText: "No answer came" });
  await expect(notice).toContainText("never orders twice");
  await expect(orderButton(page)).toBeDisabled();

  await notice.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("heading", { level: 1, name: /^Order VG-/ })).toBeVisible();
  expect(keys).toHaveLength(2);
  expect(keys[1]).toBe(keys[0]);
  expect((await service.ledger("enkash")).length - before).toBe(1);
});

test("a reload after a lost request keeps the key, and after a lost answer finds the order", async ({
  page,
  service,
  watch,
}) => {
  watch.expect(/ERR_FAILED/);
  const before = (await service.ledger("woohoo")).length;
  await signIn(page, "partner");
  await fillCart(page, service, [LOOMS, 1]);
  await checkOut(page);
  const lost = await loseAnswers(page, { reached: false });
  await orderButton(page).click();
  await expect(page.getByText("No answer came")).toBeVisible();
  await page.reload();
  const again = await loseAnswers(page, { reached: true });
  await orderButton(page).click();
  await expect(page.getByText("No answer came")).toBeVisible();
  expect(again[0]).toBe(lost[0]);

  await page.reload();
  await expect(page.getByText(/^This cart became order VG-/)).toBeVisible();
  await page.getByRole("link", { name: "Go to the order" }).click();
  await expect(page.getByRole("heading", { level: 1, name: /^Order VG-/ })).toBeVisible();
  expect((await service.ledger("woohoo")).length - before).toBe(1);
});

test("a partial delivery: what came can be opened, the rest is given back to the cent", async ({
  page,
  service,
}) => {
  await service.set("starship", { partial_seconds: 2 });
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

  await expect(page.getByText("The rest does not come; its price was given back.")).toBeVisible({
    timeout: 20_000,
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

test("a lost connection is made again, and goes on behind the last event", async ({
  page,
  service,
  watch,
}) => {
  watch.expect(/WebSocket connection/);
  const line = await cuttable(page);
  await service.deliverAfter(1, "woohoo");
  await signIn(page, "partner");
  await visit(page, "/orders", "Orders");
  const indicator = page.getByRole("banner").getByRole("status");
  await expect(indicator).toHaveText("Live");
  const table = page.getByRole("table", { name: "Orders, newest first" });
  await expect(table).toBeVisible();
  const seen = await service.buy(KITES);
  await expect(table).toContainText(seen.reference);

  line.cut();
  await expect(indicator).toHaveText("Reconnecting");
  const missed = await service.buy(LOOMS);
  await table.getByRole("link", { name: seen.reference }).click();
  await expect(indicator).toHaveText("Reconnecting");
  await page.goBack();
  line.mend();
  await expect(indicator).toHaveText("Live", { timeout: 20_000 });
  await expect(table.getByRole("row").filter({ hasText: missed.reference })).toContainText(
    "Delivered",
    { timeout: 20_000 },
  );
  const sequences = line.sequences.map(Number);
  expect(sequences).toEqual(sequences.map((_, place) => sequences[0]! + place));
  expect(line.resumed.at(-1)).toBe(line.lastBeforeCut);
});

/** Loses the answers to orders: until the service has them, or before it hears of them. Once. */
async function loseAnswers(page: Page, { reached }: { reached: boolean }): Promise<string[]> {
  const keys: string[] = [];
  await page.unrouteAll();
  await page.route("**/graphql", async (route) => {
    const asked = route.request().postDataJSON() as {
      query: string;
      variables: { input: { idempotencyKey: string } };
    };
    if (!asked.query.includes("mutation PlaceOrder")) return route.fallback();
    keys.push(asked.variables.input.idempotencyKey);
    if (keys.length > 1) return route.fallback();
    if (reached) await route.fetch();
    return route.abort();
  });
  return keys;
}

/** The live connection, to be cut and mended; with the events it told and where it was resumed. */
async function cuttable(page: Page) {
  const open = new Set<WebSocketRoute>();
  const line = {
    isCut: false,
    sequences: [] as string[],
    resumed: [] as string[],
    lastBeforeCut: "",
    cut() {
      line.isCut = true;
      line.lastBeforeCut = line.sequences.at(-1)!;
      open.forEach((socket) => void socket.close({ code: 4000, reason: "cut" }));
      open.clear();
    },
    mend() {
      line.isCut = false;
    },
  };
  await page.routeWebSocket("**/graphql", (socket) => {
    if (line.isCut) return void socket.close({ code: 4000, reason: "still cut" });
    open.add(socket);
    const server = socket.connectToServer();
    socket.onMessage((text) => {
      const said = JSON.parse(String(text)) as Said;
      if (said.type === "subscribe") line.resumed.push(said.payload.variables!.after);
      server.send(text);
    });
    server.onMessage((text) => {
      const said = JSON.parse(String(text)) as Said;
      if (said.type === "next") line.sequences.push(said.payload.data!.orderEvents.sequence);
      socket.send(text);
    });
  });
  return line;
}

interface Said {
  type: string;
  payload: { variables?: { after: string }; data?: { orderEvents: { sequence: string } } };
}
