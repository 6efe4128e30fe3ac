// How the pages are built: no inline script or style, no polyfill that would be one.
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [svelte()],
  build: {
    rollupOptions: {
      // The client, and the frame apart in which foreign content is shown.
      input: ["index.html", "preview.html"],
    },
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    sourcemap: false,
    // pdf.js, which the preview of a PDF alone asks for.
    chunkSizeWarningLimit: 1_600,
  },
});
