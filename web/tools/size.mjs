// What a first visit loads, packed with gzip: the index and everything that it names.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const LIMIT = 250_000;
const DIST = join(import.meta.dirname, "..", "dist");
const BASE = "/console/";

const index = readFileSync(join(DIST, "index.html"), "utf8");
const named = [...index.matchAll(/(?:src|href)="([^"]+)"/g)].map((found) => found[1]);
const files = [
  "index.html",
  ...named.filter((path) => path.startsWith(BASE)).map((path) => path.slice(BASE.length)),
];

const sizes = files.map((name) => [
  name,
  gzipSync(readFileSync(join(DIST, name)), { level: 9 }).length,
]);
const total = sizes.reduce((sum, [, size]) => sum + size, 0);
for (const [name, size] of sizes) console.log(`${String(size).padStart(9)}  ${name}`);
console.log(`${String(total).padStart(9)}  first load, of at most ${LIMIT} bytes`);
if (total > LIMIT) {
  console.error("The first load is too large: load a part lazily, or take a smaller package.");
  process.exit(1);
}
