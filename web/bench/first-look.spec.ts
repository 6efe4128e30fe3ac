// How long it takes until the largest thing of a page is seen, on a device four times slower and a
// 3G line, with nothing kept from before; beside it, when the page's own bytes had come: the floor.
import { expect, test, type Page } from "@playwright/test";
import { enter } from "../e2e/person";
import { invite } from "../e2e/system";

/** A 3G line: 1.6 Mbit/s down, 750 kbit/s up, 150 ms there and back, as Lighthouse shapes it. */
const LINE = { offline: false, latency: 150, downloadThroughput: (1.6 * 1024 * 1024) / 8, uploadThroughput: (750 * 1024) / 8 };
/** How many times slower the processor is. */
const SLOWER = 4;
/** Runs of each; the median is told. */
const RUNS = 5;
/** How long a page is watched once its heading is there, milliseconds. */
const SETTLED_MS = 1_500;
/** What it may take, milliseconds. */
const LARGEST_MS_MAX = 2_000;

async function shaped(page: Page): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Network.enable");
  await devtools.send("Network.emulateNetworkConditions", LINE);
  await devtools.send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
}

/** When the largest thing was painted, and when the page's bytes had come. */
async function looked(page: Page): Promise<{ largest: number; floor: number }> {
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/./);
  // Whatever is larger has come by then.
  await page.waitForTimeout(SETTLED_MS);
  return page.evaluate(
    () =>
      new Promise<{ largest: number; floor: number }>((resolve) => {
        new PerformanceObserver((list) => {
          const [navigation] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
          resolve({ largest: list.getEntries().at(-1)?.startTime ?? 0, floor: navigation?.responseEnd ?? 0 });
        }).observe({ type: "largest-contentful-paint", buffered: true });
      }),
  );
}

function median(of: number[]): number {
  return [...of].sort((a, b) => a - b)[Math.floor(of.length / 2)] ?? 0;
}

function tell(path: string, runs: { largest: number; floor: number }[]): void {
  const largest = median(runs.map((run) => run.largest));
  const floor = median(runs.map((run) => run.floor));
  console.log(`${path}: largest paint ${Math.round(largest)} ms, ${(largest / floor).toFixed(1)} times its own bytes (${Math.round(floor)} ms)`);
  expect(largest, path).toBeLessThan(LARGEST_MS_MAX);
}

for (const path of ["/", "/activer", "/connexion", "/code", "/verifier"]) {
  test(path, async ({ browser, baseURL }) => {
    const runs = [];
    for (let run = 0; run < RUNS; run += 1) {
      const context = await browser.newContext({ baseURL: baseURL ?? "", serviceWorkers: "block" });
      const page = await context.newPage();
      await shaped(page);
      await page.goto(path);
      runs.push(await looked(page));
      await context.close();
    }
    tell(path, runs);
  });
}

test("/accueil, logged in", async ({ page }) => {
  await enter(page, await invite());
  await shaped(page);
  const runs = [];
  for (let run = 0; run < RUNS; run += 1) {
    await page.reload();
    runs.push(await looked(page));
  }
  tell("/accueil, loaded again by who is logged in", runs);
});
