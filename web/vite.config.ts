// How the pages are built: no inline script or style, no polyfill that would be one.
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [svelte()],
  build: {
    rollupOptions: {
      // The client, the frame apart in which foreign content is shown, and what keeps the client.
      input: { index: "index.html", preview: "preview.html", sw: "worker/sw.ts" },
      // The worker is found by its name: what it may see lies under its address.
      output: {
        entryFileNames: (chunk) => (chunk.name === "sw" ? "sw.js" : "assets/[name]-[hash].js"),
      },
    },
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    sourcemap: false,
    // pdf.js, which the preview of a PDF alone asks for.
    chunkSizeWarningLimit: 1_600,
  },
});
