// How the pages are built: no inline script or style, no polyfill that would be one.
import { readFileSync } from "node:fs";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type Plugin } from "vite";

/** The decoder of JPEG 2000: pdf.js fetches it by its name where a page holds such a picture. */
function jpeg2000(): Plugin {
  const name = "openjpeg_nowasm_fallback.js";
  const { version } = JSON.parse(readFileSync("node_modules/pdfjs-dist/package.json", "utf8")) as { version: string };
  return {
    name: "jpeg2000",
    generateBundle() {
      const source = readFileSync(`node_modules/pdfjs-dist/wasm/${name}`);
      this.emitFile({ type: "asset", fileName: `assets/pdfjs-${version}/${name}`, source });
    },
  };
}

export default defineConfig({
  plugins: [svelte(), jpeg2000()],
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
