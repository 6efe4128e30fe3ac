// What every page is held to, whatever it shows: nothing that axe finds, no fault in the console,
// nothing wider than a small phone. Must not know a page.
import AxeBuilder from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

/** Widths at which a page is looked at. */
const WIDTHS = [320, 768, 1280];
const SMALLEST = 320;

/** Everything that the browser complains of, from now on. */
export function complaints(page: Page): string[] {
  const heard: string[] = [];
  page.on("pageerror", (error) => heard.push(String(error)));
  page.on("console", (message) => {
    // A refused request is an answer, not a fault of the page.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
      heard.push(message.text());
    }
  });
  return heard;
}

/** Nothing that axe finds; what one presses is large enough, too (WCAG 2.2, 2.5.8), which it leaves out by itself. */
async function accessible(page: Page): Promise<void> {
  const found = await new AxeBuilder({ page }).options({ rules: { "target-size": { enabled: true } } }).analyze();
  expect(found.violations.map((one) => `${one.id}: ${one.nodes.map((n) => n.html).join(" ")}`)).toEqual([]);
}

/** Holds the page as it stands, and takes its picture at every width. */
export async function look(page: Page, name: string): Promise<void> {
  await accessible(page);
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    if (width === SMALLEST) {
      await accessible(page);
    }
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(wide, `${name} at ${width}`).toBeLessThanOrEqual(width);
    await page.screenshot({ path: `test-results/pictures/${name}-${width}.png`, fullPage: true });
  }
}
