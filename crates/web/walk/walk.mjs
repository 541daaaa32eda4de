// node walk.mjs BASE FOLDER CHROMIUM DATA: walks through a portal that serves the demo region from the
// data directory DATA, keeps pictures in FOLDER and ends with 1 if anything is not as it should be.

import { mkdir } from "node:fs/promises";
import { axe } from "./axe.mjs";
import { WIDTHS, open } from "./browser.mjs";
import { DRAWN } from "./drawn.mjs";
import { life } from "./life.mjs";
import { answerByLink, withoutAccount } from "./links.mjs";
import { pages, places } from "./places.mjs";
import { noRight, twice, twoOfficers, visits } from "./refusals.mjs";
import { TASKS } from "./tasks.mjs";

const [base, folder, chromium, data] = process.argv.slice(2);
if (!data) {
  console.error("node walk.mjs BASE FOLDER CHROMIUM DATA");
  process.exit(2);
}
await mkdir(folder, { recursive: true });
const begun = Date.now();
const tell = (what) => console.log(`walk: ${what} (${Math.round((Date.now() - begun) / 1000)} s)`);
const browser = await open(chromium);
let faults = 0;
const fault = (what) => {
  faults += 1;
  console.error(`walk: ${what}`);
};
const CASEWORK = { life, noRight, twice, twoOfficers, visits, withoutAccount, answerByLink };

/** Runs walks by name, two at once; what goes wrong in one is told and stops no other. */
async function all(walks) {
  const walk = async () => {
    for (let next = walks.shift(); next; next = walks.shift()) {
      const [name, go] = next;
      try {
        const pages = (await go()) ?? [];
        for (const page of pages) await page.context().close();
        tell(name);
      } catch (error) {
        fault(`${name}: ${error.message.split("\n").slice(0, 3).join(" ")}`);
      }
    }
  };
  await Promise.all([walk(), walk()]);
}

try {
  const { found, officer } = await places(browser, base, data);
  await officer.context().close();
  tell(`${await axe(browser, base, await pages(found), `${folder}/pages`, fault)} pages seen`);
  const casework = WIDTHS.flatMap((width) => Object.entries(CASEWORK).map(([name, go]) => [`${name} ${width}`, () => go(browser, base, width, folder, found)]));
  const tasks = WIDTHS.flatMap((width, place) => {
    const lang = place ? "en" : "zh-CN";
    const task = async (name, go) => {
      const page = await go(browser, base, lang, found, width);
      await page.screenshot({ path: `${folder}/${name}-${lang.slice(0, 2)}-${width}.png`, fullPage: true });
      return [page];
    };
    return Object.entries({ ...TASKS, ...DRAWN }).map(([name, go]) => [`${name} ${lang} ${width}`, () => task(name, go)]);
  });
  await all([...casework, ...tasks]);
} finally {
  await browser.close();
}
console.log(`walk: ${faults} faults; pictures in ${folder}`);
process.exit(faults ? 1 : 0);
