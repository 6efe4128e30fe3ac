// The first load is small: what index.html asks for before anything is clicked, compressed.
// Must not know what it is made of.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const FIRST_LOAD_BYTES_MAX = 100 * 1024;
const page = readFileSync("dist/index.html", "utf8");
const asked = [...page.matchAll(/(?:src|href)="(\/assets\/[^"]+\.js)"/g)].map((found) => found[1]);
const sizes = asked.map((path) => gzipSync(readFileSync(`dist${path}`)).length);
const total = sizes.reduce((sum, size) => sum + size, 0);
if (asked.length === 0) {
  console.error("index.html asks for no script: nothing was measured");
  process.exit(1);
}
console.log(`first load: ${total} bytes of compressed JavaScript (at most ${FIRST_LOAD_BYTES_MAX})`);
if (total > FIRST_LOAD_BYTES_MAX) {
  process.exit(1);
}
