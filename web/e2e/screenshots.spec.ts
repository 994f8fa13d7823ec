import type { Page } from "@playwright/test";

import { pagesOf } from "./pages";
import { expect, signIn, test } from "./test";

const SIZES = { desk: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };

test.describe.configure({ mode: "parallel" });

test("sign-in", async ({ page }) => {
  await page.goto("/console/");
  await expect(page.getByRole("button", { name: "Sign in as partner" })).toBeVisible();
  await shoot(page, "sign-in");
});

test("GraphiQL", async ({ page }) => {
  await page.goto("/graphql");
  await expect(page.getByRole("button", { name: "Sign in as partner" })).toBeVisible();
  await shoot(page, "graphiql-sign-in");
  await page.getByRole("button", { name: "Sign in as partner" }).click();
  await page.getByRole("button", { name: "List the catalog", exact: true }).click();
  await expect(page.getByRole("status").filter({ hasText: "is open" }).first()).toBeVisible();
  await shoot(page, "graphiql");
});

for (const client of ["partner", "operator", "readonly"] as const) {
  for (const { name, show } of pagesOf(client)) {
    test(`${client}: ${name}`, async ({ page, service }) => {
      await signIn(page, client);
      await show(page, service);
      await shoot(page, `${client}-${name.replace(/\W+/g, "-")}`);
    });
  }
}

/** A picture for each size and theme: of the whole page, or of what a dialog leaves in view. */
async function shoot(page: Page, name: string): Promise<void> {
  await page.mouse.move(0, 0);
  await page.evaluate(hideToasts);
  for (const [device, size] of Object.entries(SIZES)) {
    await page.setViewportSize(size);
    const whole = await page.evaluate(() =>
      document.querySelector("dialog[open]") ? 0 : document.documentElement.scrollHeight,
    );
    // What is fixed to the bottom of the screen stands at the end of the picture.
    await page.setViewportSize({ ...size, height: Math.max(size.height, whole) });
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      const path = `e2e/screenshots/${name}-${device}-${colorScheme}.png`;
      await page.screenshot({ path, animations: "disabled" });
    }
  }
  await page.setViewportSize(SIZES.desk);
}

/** They come and go with time. */
function hideToasts(): void {
  for (const element of document.querySelectorAll<HTMLElement>('[class*="_toasts_"]')) {
    element.style.visibility = "hidden";
  }
}
