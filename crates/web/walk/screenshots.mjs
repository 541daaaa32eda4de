// node screenshots.mjs BASE FOLDER CHROMIUM: the pictures that the READMEs show.

import { mkdir } from "node:fs/promises";
import { open, visitor } from "./browser.mjs";
import { places } from "./places.mjs";

const [base, folder, chromium] = process.argv.slice(2);
await mkdir(folder, { recursive: true });
const browser = await open(chromium);
const { found } = await places(browser, base);
const PICTURES = [
  { name: "home", path: "/", width: 1280, height: 800 },
  { name: "matches", path: `${found.need}/matches`, width: 1280, height: 800 },
  { name: "decisions", path: `${found.organization}/decisions`, width: 1280, height: 800, role: "officer" },
  { name: "map", path: "/map?region=320000&kind=organization&kind=instrument", width: 1280, height: 800 },
  { name: "figures", path: "/figures?kind=organization", width: 1280, height: 800 },
  { name: "phone", path: found.need, width: 390, height: 800 },
];
for (const lang of ["zh-CN", "en"]) {
  for (const { name, path, width, height, role } of PICTURES) {
    const page = await visitor(browser, base, { lang, width, role });
    await page.setViewportSize({ width, height });
    await page.goto(path);
    // What scripts draw over the pictures of the server.
    for (const [asked, there] of [["[data-live-map]", ".map-frame.live"], ["[data-plot]", ".plot.drawn"]]) {
      if (await page.$(asked)) await page.waitForSelector(there, { state: "attached" });
    }
    await page.screenshot({ path: `${folder}/${name}-${lang.slice(0, 2)}.png` });
    await page.context().close();
  }
}
await browser.close();
