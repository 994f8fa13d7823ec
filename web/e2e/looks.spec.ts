import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";

import { pagesOf, type Shown } from "./pages";
import { expect, signIn, test } from "./test";

const DESK = { width: 1280, height: 800 };
const NARROWEST = { width: 360, height: 740 };
// Between the themes nothing differs but colors.
const COLORS = ["color-contrast", "link-in-text-block"];
const LOOKS = [
  [DESK, "light", null],
  [DESK, "dark", COLORS],
  [NARROWEST, "dark", null],
] as const;

test.describe.configure({ mode: "parallel" });

test("the pages before anybody is signed in are fit for everybody", async ({ page }) => {
  await page.goto("/console/");
  await expect(page.getByRole("button", { name: "Sign in as partner" })).toBeVisible();
  await expectFit(page, "sign-in");
  await page.goto("/graphql");
  await expect(page.getByRole("button", { name: "Sign in as partner" })).toBeVisible();
  await expectFit(page, "GraphiQL's sign-in");
});

test("GraphiQL is fit for everybody", async ({ page }) => {
  await page.goto("/graphql");
  await page.getByRole("button", { name: "Sign in as partner" }).click();
  await expect(page.getByRole("region", { name: "Examples" })).toBeVisible();
  await expectFit(page, "GraphiQL");
});

for (const client of ["partner", "operator", "readonly"] as const) {
  for (const shown of pagesOf(client)) {
    test(`${shown.name}, for ${client}, is fit for everybody`, async ({ page, service }) => {
      await signIn(page, client);
      await shown.show(page, service);
      await expectFit(page, shown.name);
    });
  }
}

/** Nothing serious found by axe in either theme, on a desk or a phone, and no scrolling sideways. */
async function expectFit(page: Page, name: Shown["name"]): Promise<void> {
  const problems: string[] = [];
  await page.mouse.move(0, 0);
  for (const [size, theme, rules] of LOOKS) {
    await page.setViewportSize(size);
    await page.emulateMedia({ colorScheme: theme });
    await page.evaluate(drawn);
    for (const found of await serious(page, rules)) {
      problems.push(`${name}, ${theme}, ${size.width} px: ${found}`);
    }
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    if (wide > size.width) problems.push(`${name} is ${wide} px wide on ${size.width} px`);
  }
  expect(problems).toEqual([]);
}

async function serious(page: Page, rules: readonly string[] | null): Promise<string[]> {
  const axe = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ["violations"] });
  const { violations } = await (rules ? axe.withRules([...rules]) : axe).analyze();
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) =>
      [id, ...nodes.map(({ html, failureSummary }) => `${html}\n${failureSummary}`)].join("\n"),
    );
}

/** Styles are drawn as they are to stay: transitions take a moment even where motion is reduced. */
async function drawn(): Promise<void> {
  await new Promise(requestAnimationFrame);
  await Promise.all(document.getAnimations().map(({ finished }) => finished.catch(() => null)));
  await new Promise(requestAnimationFrame);
}
