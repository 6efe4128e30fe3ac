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

interface Look {
  largest: number;
  /** When the page's own heading was there. */
  heading: number;
  floor: number;
}

/** When the largest thing was painted, the page's own heading was there, and its bytes had come. */
async function looked(page: Page): Promise<Look> {
  const heading = await page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const look = () => {
          const text = document.querySelector("h1")?.textContent ?? "";
          // What stands there while the rest is fetched is not it.
          if (text !== "" && !["Un instant…", "Accueil"].includes(text)) {
            resolve(performance.now());
          } else {
            requestAnimationFrame(look);
          }
        };
        look();
      }),
  );
  // Whatever is larger has come by then.
  await page.waitForTimeout(SETTLED_MS);
  const painted = await page.evaluate(
    () =>
      new Promise<{ largest: number; floor: number }>((resolve) => {
        new PerformanceObserver((list) => {
          const [navigation] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
          resolve({ largest: list.getEntries().at(-1)?.startTime ?? 0, floor: navigation?.responseEnd ?? 0 });
        }).observe({ type: "largest-contentful-paint", buffered: true });
      }),
  );
  return { ...painted, heading };
}

function median(of: number[]): number {
  return [...of].sort((a, b) => a - b)[Math.floor(of.length / 2)] ?? 0;
}

function tell(path: string, runs: Look[]): void {
  const largest = median(runs.map((run) => run.largest));
  const floor = median(runs.map((run) => run.floor));
  const heading = median(runs.map((run) => run.heading));
  console.log(`${path}: largest paint ${Math.round(largest)} ms, heading ${Math.round(heading)} ms; its own bytes ${Math.round(floor)} ms (${(heading / floor).toFixed(1)} times)`);
  expect(Math.max(largest, heading), path).toBeLessThan(LARGEST_MS_MAX);
}

for (const path of ["/", "/activer", "/connexion", "/code", "/verifier"]) {
  test(path, async ({ browser, baseURL }) => {
    const runs: Look[] = [];
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
  const runs: Look[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    await page.reload();
    runs.push(await looked(page));
  }
  tell("/accueil, loaded again by who is logged in", runs);
});
