import { execFile } from "node:child_process";
import { promisify } from "node:util";

import type { Page } from "@playwright/test";

import { KITES } from "./service/goods";
import { expect, test } from "./test";

test.use({ permissions: ["clipboard-read", "clipboard-write"] });

test("a demo key signs in, and an example runs as it was opened", async ({ page }) => {
  await open(page);
  await example(page, "List the catalog");
  await execute(page);
  await expect(answer(page)).toContainText('"products"');
  await expect(answer(page)).toContainText('"name"');
  expect(await page.evaluate(() => Object.keys(localStorage))).toEqual([]);

  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Vouchergraph" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Sign in as partner" })).toBeVisible();
});

test("a refused key is told in words", async ({ page, watch }) => {
  watch.expect(/status of 401/);
  await page.goto("/graphql");
  await page.getByRole("textbox", { name: "API key" }).fill("vgtest_nobody");
  await page.getByLabel("API secret").fill("vgs_nothing");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByRole("alert")).toHaveText(/\w+/);
  await expect(page.getByRole("textbox", { name: "API key" })).toBeVisible();
});

test("a subscription hears what is bought elsewhere", async ({ page, service }) => {
  await open(page);
  await example(page, "Watch orders (subscription)");
  await execute(page);
  const line = page.getByRole("region", { name: "Subscription" });
  await expect(line.getByRole("status")).toHaveText(/^Listening/);
  const { reference } = await service.buy(KITES);
  await line.getByText("Events, newest first").click();
  await expect(line.getByRole("list", { name: "Events" })).toContainText(reference);
  await expect(answer(page)).toContainText(reference);
  await page.getByRole("button", { name: /Stop query/ }).click();
  await expect(line.getByRole("status")).toHaveText(/^Ended/);
});

test("an operation is copied as curl, without the key, and runs in a shell", async ({
  page,
  service,
}) => {
  await open(page);
  await example(page, "Search products");
  await page.getByRole("button", { name: "Copy as curl" }).click();
  const dialog = page.getByRole("dialog", { name: "Copy as curl" });
  await dialog.getByRole("button", { name: "Copy", exact: true }).click();
  await expect(dialog.getByText("Copied.")).toBeVisible();
  const command = await page.evaluate(() => navigator.clipboard.readText());
  const { key, secret } = service.ready.clients.partner!;
  expect(command).not.toContain(secret);
  const { stdout } = await promisify(execFile)("sh", ["-c", command], {
    env: { PATH: process.env.PATH, KEY: key, SECRET: secret },
  });
  expect((JSON.parse(stdout) as { data: unknown }).data).toMatchObject({
    products: { nodes: expect.arrayContaining([expect.anything()]) as unknown },
  });
});

test("vouchers are masked until the example that opens them is run for a purpose", async ({
  page,
  service,
}) => {
  await service.buy(KITES);
  const [voucher] = (await service.ledger(KITES.provider)).at(-1)!.vouchers;
  const secret = (voucher!.claimUrl ?? voucher!.code)!;
  await open(page);
  await example(page, "Page of orders");
  await execute(page);
  await expect(answer(page)).toContainText("****");
  await expect(answer(page)).not.toContainText(secret);

  await page.getByLabel("Purpose of the reveal").fill("Trying GraphiQL");
  await example(page, "Reveal vouchers");
  await execute(page);
  await expect(answer(page)).toContainText(secret);
  expect((await service.audited()).purpose).toBe("Trying GraphiQL");
});

test("examples open on a slow machine while the text before them still changes", async ({
  page,
}) => {
  test.slow();
  await open(page);
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Emulation.setCPUThrottlingRate", { rate: 12 });
  for (let turn = 0; turn < 10; turn++) {
    const typing = await page.evaluate(() => {
      const element = document.querySelector(".graphiql-query-editor .CodeMirror");
      const { CodeMirror } = element as unknown as { CodeMirror: Editor };
      // GraphiQL takes a text for finished after 100 ms.
      return window.setInterval(() => CodeMirror.replaceRange(" ", { line: 0, ch: 0 }), 130);
    });
    await example(page, turn % 2 ? "Page of orders" : "Search products");
    await page.evaluate((timer) => clearInterval(timer), typing);
  }
  await devtools.send("Emulation.setCPUThrottlingRate", { rate: 1 });
  await execute(page);
  await expect(answer(page)).toContainText('"orders"');
});

async function open(page: Page): Promise<void> {
  await page.goto("/graphql");
  await page.getByRole("button", { name: "Sign in as partner" }).click();
  await expect(page.getByRole("region", { name: "Examples" })).toBeVisible();
}

/** Opens an example in a tab, with variables that were found for it, and ready to be run. */
async function example(page: Page, title: string): Promise<void> {
  const panel = page.getByRole("region", { name: "Examples" });
  await panel.getByRole("button", { name: title, exact: true }).click();
  await expect(panel.getByRole("status")).toContainText(`“${title}” is open.`);
}

async function execute(page: Page): Promise<void> {
  await page.getByRole("button", { name: /Execute query/ }).click();
}

function answer(page: Page) {
  return page.getByRole("group", { name: "Answer, scrollable" });
}

interface Editor {
  replaceRange: (text: string, at: { line: number; ch: number }) => void;
}
