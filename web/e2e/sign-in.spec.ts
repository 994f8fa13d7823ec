import { expect, signIn, test } from "./test";

test("a demo key signs in with one click, for this tab alone", async ({ page, context }) => {
  await signIn(page, "partner");
  await expect(page.getByRole("heading", { level: 1, name: "Catalog" })).toBeVisible();

  await page.reload();
  await expect(page.getByRole("heading", { level: 1, name: "Catalog" })).toBeVisible();
  expect(await page.evaluate(() => Object.keys(localStorage))).toEqual([]);
  expect(await context.cookies()).toEqual([]);

  const other = await context.newPage();
  await other.goto("/console/");
  await expect(other.getByRole("heading", { name: "Sign in" })).toBeVisible();
});

test("a refused key is told in words, and nothing of it is kept", async ({ page, watch }) => {
  watch.expect(/status of 401/);
  await page.goto("/console/");
  await page.getByLabel("API key").fill("vgtest_nobody");
  await page.getByLabel("API secret").fill("vgs_nothing");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();

  const refusal = page.getByRole("alert").filter({ hasText: "You are signed out" });
  await expect(refusal).toContainText(/credential|key|secret/i);
  await expect(page.getByLabel("API key")).toBeVisible();
  expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
});

test("a bearer token that nobody issued is refused as well", async ({ page, watch }) => {
  watch.expect(/status of 401/);
  await page.goto("/console/");
  await page.getByRole("radio", { name: "Bearer token" }).check();
  await page.getByLabel("Token", { exact: true }).fill("no.such.token");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByRole("alert").filter({ hasText: "You are signed out" })).toBeVisible();
});

test("a key that is revoked meanwhile leads back to the sign-in", async ({ page, watch }) => {
  watch.expect(/status of 401/);
  await signIn(page, "partner");
  await page.route("**/graphql", (route) =>
    route.continue({ headers: { ...route.request().headers(), "x-api-secret": "vgs_revoked" } }),
  );
  await page.getByRole("link", { name: "Orders" }).click();
  await expect(page.getByRole("alert").filter({ hasText: "You are signed out" })).toBeVisible();
  expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
});

test("signing out forgets everything of the tab", async ({ page }) => {
  await signIn(page, "partner");
  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
  await page.reload();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
});

test("the theme is chosen by hand and kept", async ({ page }) => {
  await signIn(page, "readonly");
  const surface = () =>
    page.locator("html").evaluate((html) => getComputedStyle(html).backgroundColor);
  const light = await surface();
  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("radio", { name: "Dark", exact: true }).check({ force: true });
  await expect.poll(surface).not.toBe(light);
  await page.reload();
  await expect.poll(surface).not.toBe(light);
});
