import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

/** Writes LICENSES.txt: every package that is in the bundle, with its license's text. */
export function licenses(): Plugin {
  return {
    name: "licenses",
    apply: "build",
    generateBundle(_options, bundle) {
      const folders = new Set<string>();
      for (const part of Object.values(bundle)) {
        if (part.type !== "chunk") continue;
        for (const [id, { renderedLength }] of Object.entries(part.modules)) {
          const folder = renderedLength > 0 ? packageOf(id) : null;
          if (folder) folders.add(folder);
        }
      }
      const entries = [...folders].map(entry).sort();
      this.emitFile({
        type: "asset",
        fileName: "LICENSES.txt",
        source: `This console contains these packages.\n\n${entries.join("\n")}`,
      });
    },
  };
}

function packageOf(id: string): string | null {
  const path = id.replace(/^\0/, "").replace(/\?.*$/, "");
  const found = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path);
  return found && existsSync(join(found[0], "package.json")) ? found[0] : null;
}

function entry(folder: string): string {
  const about = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
  const text = file ? readFileSync(join(folder, file), "utf8").trim() : `License: ${about.license}`;
  const rule = "-".repeat(78);
  return `${rule}\n${about.name} ${about.version} (${about.license})\n${rule}\n${text}\n`;
}
