// node walk.mjs BASE FOLDER CHROMIUM: walks through a portal that serves the demo region, keeps
// pictures in FOLDER and ends with 1 if anything is not as it should be.

import { mkdir } from "node:fs/promises";
import { axe } from "./axe.mjs";
import { LANGUAGES, open } from "./browser.mjs";
import { DRAWN } from "./drawn.mjs";
import { pages, places } from "./places.mjs";
import { TASKS } from "./tasks.mjs";

const [base, folder, chromium] = process.argv.slice(2);
if (!chromium) {
  console.error("node walk.mjs BASE FOLDER CHROMIUM");
  process.exit(2);
}
await mkdir(folder, { recursive: true });
const begun = Date.now();
const tell = (what) => console.log(`walk: ${what} (${Math.round((Date.now() - begun) / 1000)} s)`);
const browser = await open(chromium);
const faults = [];
try {
  const { found, officer } = await places(browser, base);
  faults.push(...(await axe(browser, base, await pages(found), `${folder}/pages`, officer)));
  tell("pages seen");
  for (const [name, task] of Object.entries({ ...TASKS, ...DRAWN })) {
    for (const lang of LANGUAGES) {
      try {
        const page = await task(browser, base, lang, found);
        await page.screenshot({ path: `${folder}/${name}-${lang.slice(0, 2)}.png`, fullPage: true });
        await page.context().close();
        tell(`${name} ${lang}`);
      } catch (error) {
        faults.push(`${name} (${lang}): ${error.message.split("\n").slice(0, 3).join(" ")}`);
      }
    }
  }
} finally {
  await browser.close();
}
for (const fault of faults) console.error(`walk: ${fault}`);
console.log(`walk: ${faults.length} faults; pictures in ${folder}`);
process.exit(faults.length ? 1 : 0);
