// node bundle.mjs: bundles the portal's scripts with the packages they stand on into ../bundle, packed as they
// travel. A file that is the same already is left alone, so that nothing is built anew for it.

import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "bundle");

// The pages' policy forbids pictures within styles; map.css draws what these would show.
const noInlinePictures = {
  name: "no-inline-pictures",
  setup: (building) =>
    building.onLoad({ filter: /maplibre-gl\.css$/ }, async ({ path }) => {
      const style = await readFile(path, "utf8");
      return { contents: style.replace(/background-image:url\((["'])data:.*?\1\);?/g, ""), loader: "css" };
    }),
};

const { outputFiles, metafile } = await build({
  absWorkingDir: here,
  entryPoints: { charts: "charts.mjs", map: "map.mjs", "map-worker": "maplibre-gl/dist/maplibre-gl-worker.mjs" },
  outdir: out,
  bundle: true,
  format: "esm",
  target: ["chrome109", "firefox115", "safari16"],
  minify: true,
  legalComments: "none",
  metafile: true,
  write: false,
  logLevel: "warning",
  plugins: [noInlinePictures],
});

/** Name and licence of every package that went in. */
async function licences(inputs) {
  const packages = new Set(inputs.map((path) => path.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1]).filter(Boolean));
  const texts = [];
  for (const name of [...packages].sort()) {
    const folder = join(here, "node_modules", name);
    const about = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const files = (await readdir(folder)).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file)).sort();
    const words = await Promise.all(files.filter((file) => /\.(txt|md)$|^[^.]+$/i.test(file)).map((file) => readFile(join(folder, file), "utf8").catch(() => "")));
    texts.push(`${name} ${about.version} (${about.license})\n\n${words.join("\n")}`);
  }
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}

const files = new Map(outputFiles.map((file) => [file.path.slice(out.length + 1), Buffer.from(file.contents)]));
files.set("licences.txt", Buffer.from(await licences(Object.keys(metafile.inputs))));

await mkdir(out, { recursive: true });
for (const old of await readdir(out)) {
  if (old.endsWith(".gz") && !files.has(old.slice(0, -3))) await rm(join(out, old));
}
for (const [name, plain] of files) {
  const path = join(out, `${name}.gz`);
  const packed = gzipSync(plain, { level: 9 });
  const known = await readFile(path).catch(() => Buffer.alloc(0));
  if (!known.equals(packed)) await writeFile(path, packed);
  console.log(`${name}: ${Math.ceil(plain.length / 1024)} KiB, packed ${Math.ceil(packed.length / 1024)} KiB`);
}
