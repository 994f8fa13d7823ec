// Bundles GraphiQL into app/static/graphiql: self-contained, no source map, no request to another host.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const target = process.argv[2] ?? join(here, "../../app/static/graphiql");

// A test compares it with the sources: what is committed was built from them.
const digest = createHash("sha256");
for (const name of readdirSync(here, { recursive: true }).sort()) {
  if (/^node_modules/.test(name) || !/(?<!\.test)\.(mjs|jsx?|css|graphql|json)$/.test(name))
    continue;
  digest.update(`${name}\n`).update(readFileSync(join(here, name)));
}

// GraphiQL carries fonts of 350 kB; those of the reader's own system do as well.
const withoutFonts = {
  name: "without-fonts",
  setup: ({ onLoad }) =>
    onLoad({ filter: /node_modules\/.*\.css$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replaceAll(/@font-face\s*\{[^}]*\}/g, ""),
      loader: "css",
    })),
};

mkdirSync(target, { recursive: true });
const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: { graphiql: "main.jsx" },
  outdir: target,
  bundle: true,
  format: "iife",
  minify: true,
  sourcemap: false,
  legalComments: "none",
  target: "es2020",
  jsx: "automatic",
  banner: { js: `/* ${digest.digest("hex")} */` },
  loader: { ".graphql": "text" },
  alias: { "react-style-singleton": "./without-inline-styles.js" },
  plugins: [withoutFonts],
  metafile: true,
  define: { "process.env.NODE_ENV": '"production"' },
});
// An advice of graphql to people who bundle it, about one package manager's site: of no use in a page.
const script = join(target, "graphiql.js");
writeFileSync(
  script,
  readFileSync(script, "utf8").replaceAll(/https:\/\/[a-z]+pkg\.com\/[a-z/-]*/g, ""),
);

const folders = new Set(
  Object.keys(metafile.inputs)
    .map((path) => path.match(/^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//)?.[1])
    .filter(Boolean),
);
const notices = [...folders].sort().map((folder) => {
  const { name, version, license } = JSON.parse(readFileSync(join(here, folder, "package.json")));
  const file = readdirSync(join(here, folder)).find((entry) => /^licen[cs]e/i.test(entry));
  const text =
    file && existsSync(join(here, folder, file))
      ? readFileSync(join(here, folder, file), "utf8")
      : "";
  return `${name} ${version} (${license})\n\n${text.trim()}\n`;
});
writeFileSync(join(target, "LICENSES.txt"), notices.join(`\n${"-".repeat(80)}\n\n`));
