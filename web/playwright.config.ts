// How the journeys are made: one browser at a time, against the system that `ESPACE_SYSTEM`
// describes. Must not know a journey.
import { readFileSync } from "node:fs";
import { defineConfig } from "@playwright/test";

const file = process.env["ESPACE_SYSTEM"];
if (file === undefined) {
  throw new Error("ESPACE_SYSTEM names no system: cargo xtask test starts one");
}
const system = JSON.parse(readFileSync(file, "utf8")) as { web: string };

export default defineConfig({
  testDir: "e2e",
  workers: 1,
  timeout: 120_000,
  expect: { timeout: 20_000 },
  reporter: [["list"]],
  use: {
    actionTimeout: 20_000,
    screenshot: "only-on-failure",
    // Browsers keep a secure cookie, and make a passkey, for a name and not for digits.
    baseURL: system.web.replace("127.0.0.1", "localhost"),
    // What keeps the client's files would answer before a journey's own interruptions do.
    serviceWorkers: "block",
    locale: "fr-FR",
    timezoneId: "Europe/Paris",
    contextOptions: { reducedMotion: "reduce" },
    launchOptions: {
      executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu"],
    },
  },
});
