import type { Page, WebSocketRoute } from "@playwright/test";

import { KITES, LOOMS } from "./service/goods";
import { checkOut, expect, fillCart, orderButton, signIn, test, visit } from "./test";

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

test("a lost connection is made again, and goes on behind the last event", async ({
  page,
  service,
  watch,
}) => {
  watch.expect(/WebSocket connection/);
  const line = await cuttable(page);
  await service.holdBack("woohoo");
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
  await service.pass("woohoo");
  line.mend();
  await expect(indicator).toHaveText("Live", { timeout: 20_000 });
  await expect(table.getByRole("row").filter({ hasText: missed.reference })).toContainText(
    "Delivered",
    { timeout: 30_000 },
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
