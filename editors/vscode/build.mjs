// Bundles the extension into dist/: one script, the JSON Schema, and the licenses of what is in the script.
// `--minify` makes it small, `--watch` builds again after each change.

import { copyFile, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { context } from "esbuild";

const options = process.argv.slice(2);
const bundle = await context({
  entryPoints: ["src/extension.ts"],
  outfile: "dist/extension.js",
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node20",
  external: ["vscode"],
  minify: options.includes("--minify"),
  legalComments: "none",
  metafile: true,
});

if (options.includes("--watch")) {
  await bundle.watch();
} else {
  const { metafile } = await bundle.rebuild();
  await bundle.dispose();
  await writeFile("dist/third-party.txt", await licenses(Object.keys(metafile.inputs)));
}
await copyFile("../schemas/applc-appliance.json", "dist/appliance.schema.json");

// The licenses of the packages that these files are from.
async function licenses(files) {
  const packages = new Set(files.map((file) => /^(?:.*node_modules\/)(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]));
  packages.delete(undefined);
  const texts = [];
  for (const folder of [...packages].sort()) {
    const { name, version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const file = (await readdir(folder)).find((name) => /^licen[cs]e/i.test(name));
    if (file === undefined) {
      throw new Error(`${folder} has no license file`);
    }
    texts.push(`${name} ${version} (${license})\n\n${await readFile(join(folder, file), "utf8")}`);
  }
  return `The script extension.js contains these packages.\n\n${texts.join("\n" + "-".repeat(80) + "\n\n")}`;
}
