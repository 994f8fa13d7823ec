import type { Locator, Page } from "@playwright/test";

import { KITES } from "./service/goods";
import { expect, orderStatus, test } from "./test";

const MOST_STEPS = 60;

test("a card is bought and opened with the keyboard alone", async ({ page, service }) => {
  const { name } = KITES;
  await page.goto("/console/");
  await tabTo(page, page.getByRole("button", { name: "Sign in as partner" }));
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "Catalog" })).toBeVisible();

  await tabTo(page, page.getByRole("link", { name: "Skip to content" }));
  await page.keyboard.press("Enter");
  await tabTo(page, page.getByRole("searchbox", { name: "Search products" }));
  await page.keyboard.type(name);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("article")).toHaveCount(1);
  await tabTo(page, page.getByRole("link", { name }));
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name })).toBeFocused();

  await tabTo(page, page.getByRole("radio", { name: "₹100" }));
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowLeft");
  await expect(page.getByRole("radio", { name: "₹100" })).toBeChecked();
  await press(page, page.getByRole("button", { name: "Add to cart" }));
  await press(page, page.getByRole("link", { name: "Go to the cart" }));
  await expect(page.getByRole("heading", { level: 1, name: "Cart" })).toBeFocused();
  await press(page, page.getByRole("link", { name: "Check out" }));
  await expect(page.getByRole("heading", { level: 1, name: "Checkout" })).toBeFocused();
  await press(page, page.getByRole("button", { name: "Order for ₹96.00" }));
  await expect(orderStatus(page)).toHaveText("Delivered");

  await press(page, page.getByRole("button", { name: "Reveal voucher 1" }));
  await expect(page.getByRole("dialog").getByLabel("Purpose")).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("button", { name: "Reveal voucher 1" })).toBeFocused();
  await page.keyboard.press("Enter");
  await page.keyboard.type("By keyboard");
  await page.keyboard.press("Enter");
  const shown = page.getByRole("region", { name: "Voucher 1, revealed" });
  await expect(shown).toBeFocused();
  await press(page, page.getByRole("button", { name: /^Hide/ }));
  await expect(page.getByRole("button", { name: "Reveal voucher 1" })).toBeFocused();
  expect((await service.audited()).purpose).toBe("By keyboard");
});

test("menus open, close and give the focus back by keyboard", async ({ page }) => {
  await page.goto("/console/");
  await press(page, page.getByRole("button", { name: "Sign in as readonly" }));
  const account = page.getByRole("button", { name: /^Account/ });
  await press(page, account);
  await expect(account).toHaveAttribute("aria-expanded", "true");
  await tabTo(page, page.getByRole("button", { name: "Sign out" }));
  await page.keyboard.press("Escape");
  await expect(account).toBeFocused();
  await expect(account).toHaveAttribute("aria-expanded", "false");
});

async function press(page: Page, target: Locator): Promise<void> {
  await tabTo(page, target);
  await page.keyboard.press("Enter");
}

/** Goes on by the Tab key until the target has the focus, and can be seen to have it. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await expect(target).toBeVisible();
  for (let step = 0; step < MOST_STEPS; step++) {
    if (await target.evaluate((element) => element === document.activeElement)) {
      expect(await outlined(target), "the focus can be seen").toBe(true);
      return;
    }
    await page.keyboard.press("Tab");
  }
  throw new Error(`${target} is not reached by the Tab key`);
}

/** Whether it, or what stands for it, has an outline or a ring. */
function outlined(target: Locator): Promise<boolean> {
  return target.evaluate((element) => {
    const marked = (one: Element) => {
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one);
      return (outlineStyle !== "none" && parseFloat(outlineWidth) > 0) || boxShadow !== "none";
    };
    const around = [element, element.closest("label, form, article"), element.parentElement];
    return around.some((one) => one !== null && marked(one));
  });
}
