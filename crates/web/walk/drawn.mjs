// What scripts draw: the cloud map and the charts, by keyboard and by mouse, without WebGL, without scripts, on paper.

import { hold, visitor } from "./browser.mjs";

/** Somebody goes from the map of the country to a record by keyboard alone. */
async function mapByKeyboard(browser, base, lang) {
  const page = await visitor(browser, base, { lang, dark: true });
  await page.goto("/map");
  await page.waitForSelector(".map-frame.live .map-spot", { timeout: 20000 });
  for (let step = 0; step < 8 && !(await page.$(".map-card")); step++) {
    await page.focus(".map-spot");
    await page.keyboard.press("Enter");
    await page.waitForTimeout(500);
  }
  await page.waitForSelector(".map-card .map-newest a");
  const list = await page.$$eval("[data-map-list] tbody a", (links) => links.map((link) => link.getAttribute("href")));
  const counts = await page.$$eval(".map-card > ul:not(.map-newest) a", (links) => links.map((link) => link.getAttribute("href")));
  hold(counts.length && counts.every((href) => list.includes(href)), `the card leads elsewhere than the list: ${counts}`);
  await page.keyboard.press("Escape");
  hold(!(await page.$(".map-card")), "Escape does not close the card");
  hold(await page.evaluate(() => document.activeElement.classList.contains("map-spot")), "the focus is lost with the card");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".map-newest a");
  await page.focus(".map-newest a");
  await Promise.all([page.waitForURL(/\/\w+\/\w+-[0-9a-z]+$/), page.keyboard.press("Enter")]);
  return settled(page);
}

/** A chart and its table say the same in the same room; the picture for slides is made, paper gets the table. */
async function chartAndTable(browser, base, lang) {
  const page = await visitor(browser, base, { lang, width: 390 });
  await page.goto("/figures?kind=organization");
  const chart = await page.waitForSelector(".chart:has(.plot.drawn)");
  const said = await chart.$eval(".plotted", (place) => `${place.getAttribute("role")} ${place.getAttribute("aria-label")}`);
  const rows = await chart.$$eval("tbody tr", (rows) => rows.map((row) => [row.cells[0].textContent.trim(), row.cells[1].dataset.shown]));
  hold(said.startsWith("img ") && rows.every(([name, count]) => said.includes(`${name} ${count}`)), `the chart says ${said}`);
  const before = await chart.boundingBox();
  await (await chart.$(".chart-take button")).press("Enter");
  hold(await chart.$eval("table", (table) => getComputedStyle(table).visibility === "visible"), "the button does not bring the table");
  const after = await chart.boundingBox();
  hold(before.height === after.height, "the box changes its size");
  const picture = page.waitForEvent("download");
  await (await chart.$(".chart-take button:nth-of-type(2)")).press("Enter");
  hold((await picture).suggestedFilename().endsWith(".png"), "there is no picture for slides");
  await page.emulateMedia({ media: "print" });
  hold((await page.$$eval(".plotted", (places) => places.every((place) => getComputedStyle(place).display === "none"))) === true, "the chart is printed over the table");
  return settled(page);
}

/** The network says who is tied to whom where one points, and comes closer. */
async function networkCloser(browser, base, lang) {
  const page = await visitor(browser, base, { lang });
  await page.goto("/network");
  const frame = await page.waitForSelector("[data-network].drawn");
  hold((await frame.$eval(".plotted", (place) => place.getAttribute("aria-label"))).length > 0, "the network has no name");
  await (await frame.$(".closer button")).press("Enter");
  hold(await page.isVisible(".graph-table tbody a"), "there is no table beside the network");
  await page.emulateMedia({ media: "print" });
  hold(await page.isVisible("svg.network"), "the network is not printed");
  await page.emulateMedia({ media: "screen" });
  return settled(page);
}

/** Where there is no WebGL, and where scripts are off, the pictures of the server stay. */
async function withoutThem(browser, base, lang) {
  const bare = await visitor(browser, base, { lang });
  await bare.addInitScript(() => {
    const context = HTMLCanvasElement.prototype.getContext;
    HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
      return kind.startsWith("webgl") ? null : context.call(this, kind, ...rest);
    };
  });
  await bare.goto("/map", { waitUntil: "networkidle" });
  hold(await bare.isVisible("svg.map a circle"), "without WebGL there is no map");
  settled(bare);
  await bare.context().close();
  const page = await visitor(browser, base, { lang, scripts: false });
  await page.goto("/map");
  hold(await page.isVisible("svg.map a circle"), "without scripts there is no map");
  await page.goto("/figures");
  hold(await page.isVisible(".bars svg.bar"), "without scripts there are no bars");
  return page;
}

/** The home page loads neither the charts nor the map. */
async function lightHome(browser, base, lang) {
  const page = await visitor(browser, base, { lang });
  const loaded = [];
  page.on("request", (request) => loaded.push(new URL(request.url()).pathname));
  await page.goto("/", { waitUntil: "networkidle" });
  hold(!loaded.some((path) => /\/(charts|map)/.test(path)), `the home page loads ${loaded}`);
  return settled(page);
}

/** A page of which the browser has nothing to say. */
function settled(page) {
  hold(page.complaints.length === 0, page.complaints.join(" "));
  return page;
}

export const DRAWN = { mapByKeyboard, chartAndTable, networkCloser, withoutThem, lightHome };
