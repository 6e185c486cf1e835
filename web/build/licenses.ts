import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Plugin } from "vite";

/** Writes licenses.txt: the licence texts of each package that is part of the build, as those licences ask for. */
export function licenses(): Plugin {
  return {
    name: "usher:licenses",
    apply: "build",
    generateBundle() {
      const texts = new Map<string, string>();
      for (const id of this.getModuleIds()) {
        const file = id.split("?")[0] ?? id;
        const root = packageRoot(file);
        if (!root) continue;
        const { name, version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
        const found = readdirSync(root).filter((entry) => /^(licen[cs]e|notice)/i.test(entry));
        if (found.length === 0) this.error(`${name} has no licence file`);
        for (const entry of found) texts.set(`${name} ${version}: ${entry}`, readFileSync(join(root, entry), "utf8"));

        // A package that is itself a bundle names what it holds in a file beside it.
        const inner = `${file}.LICENSE.txt`;
        if (existsSync(inner)) texts.set(`${name} ${version}: ${basename(inner)}`, readFileSync(inner, "utf8"));
      }
      const sections = [...texts].sort(([a], [b]) => (a < b ? -1 : 1));
      const source = sections.map(([title, text]) => `${title}\n${"=".repeat(title.length)}\n\n${text.trim()}\n`).join("\n\n");
      this.emitFile({ type: "asset", fileName: "licenses.txt", source });
    },
  };
}

/** The folder of the installed package that holds a file; undefined for our own files. */
function packageRoot(file: string): string | undefined {
  if (!file.includes("/node_modules/")) return undefined;
  let folder = dirname(file);
  while (!existsSync(join(folder, "package.json"))) folder = dirname(folder);
  return folder;
}
