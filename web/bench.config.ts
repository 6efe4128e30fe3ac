// How the first looks are measured: as the journeys are made, with no other beside. Must not know
// what is measured.
import { defineConfig } from "@playwright/test";
import journeys from "./playwright.config";

export default defineConfig(journeys, { testDir: "bench" });
