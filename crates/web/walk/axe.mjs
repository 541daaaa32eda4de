// Every page as each role: WCAG 2.2 AA by axe-core, nothing wider than the screen, nothing that moves
// while it loads, nothing that the browser complains about. Whoever a page is for sees it in both
// languages and at every width; the other roles see it once, in turn in another language and width.

import { readFile, mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { LANGUAGES, WIDTHS, visitor } from "./browser.mjs";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
// Shifts that nobody sees; the recommended bound is 0.1.
const SHIFT = 0.02;
/** A line on which a page arrives in pieces, as it does for people; at once, nothing would have time to move. In bytes a second. */
const LINE = { offline: false, latency: 30, downloadThroughput: 100 * 1024, uploadThroughput: 200 * 1024 };
const ROLES = ["public", "member", "adviser", "officer", "leader", "admin"];
/** What a visitor without the right may be answered. */
const CLOSED = [403, 404, 422];
/** A screen between the two, looked at in one language. */
const BETWEEN = { lang: "zh-CN", width: 1024 };
const AT_ONCE = 2;
const FAST = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 };
/** Pages with a live map or charts. */
const DRAWS = /^\/(map|figures|network|region|measures\/.*simulation|cases\/figures)/;

/** Looks at all pages and tells each fault as it is found; how many pages were seen. */
export async function axe(browser, base, pages, shots, fault) {
  const source = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  await mkdir(shots, { recursive: true });
  const rounds = [...ownRounds(pages), ...otherRounds(pages)];
  let seen = 0;
  const walk = async () => {
    for (let round = rounds.shift(); round; round = rounds.shift()) {
      const { role, lang, width, own } = round;
      const page = await visitor(browser, base, { lang, width, role: role === "public" ? undefined : role });
      const line = await page.context().newCDPSession(page);
      for (const wanted of round.pages) {
        // Maps and charts bring libraries that are no part of the layout.
        await line.send("Network.emulateNetworkConditions", DRAWS.test(wanted.path) ? FAST : LINE);
        const found = await look(page, own ? wanted : { ...wanted, status: undefined }, source, own).catch((error) => [error.message.split("\n")[0]]);
        for (const what of found) fault(`${wanted.path} (${role}, ${lang}, ${width}): ${what}`);
        if (own) await page.screenshot({ path: `${shots}/${wanted.name}-${lang.slice(0, 2)}-${width}.png`, fullPage: true });
        seen += 1;
      }
      await page.context().close();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, walk));
  return seen;
}

/** The pages of each role in every language and width. */
function ownRounds(pages) {
  const screens = LANGUAGES.flatMap((lang) => WIDTHS.map((width) => ({ lang, width }))).concat(BETWEEN);
  return screens.flatMap((screen) =>
    ROLES.map((role) => ({ ...screen, role, own: true, pages: pages.filter((page) => (page.as ?? "public") === role) })).filter((round) => round.pages.length),
  );
}

/** The pages that are another role's, dealt out over languages and widths. */
function otherRounds(pages) {
  const screens = LANGUAGES.flatMap((lang) => WIDTHS.map((width) => ({ lang, width })));
  return ROLES.flatMap((role, turn) => {
    const others = pages.filter((page) => (page.as ?? "public") !== role);
    return screens.map((screen, at) => ({ ...screen, role, own: false, pages: others.filter((_, place) => (place + turn) % screens.length === at) }));
  });
}

/** Waits until what scripts draw is there: the map, and every chart in sight. */
async function drawn(page) {
  const faults = [];
  for (const [asked, there] of [["[data-live-map]", ".map-frame.live"], ["[data-plot]", ".plot.drawn"]]) {
    if (!(await page.$(asked))) continue;
    await page.evaluate((asked) => document.querySelector(asked).scrollIntoView({ block: "center" }), asked);
    await page.waitForSelector(there, { state: "attached", timeout: 20000 }).catch(() => faults.push(`${asked} was not drawn`));
    await page.evaluate(() => scrollTo(0, 0));
  }
  return faults;
}

async function look(page, wanted, source, own) {
  page.complaints.length = 0;
  const answer = await page.goto(wanted.path, { waitUntil: "load" });
  const faults = [];
  const status = answer.status();
  if (own ? status !== (wanted.status ?? 200) : status !== 200 && !CLOSED.includes(status)) faults.push(`answered ${status}`);
  faults.push(...(await drawn(page)));
  const shift = await page.evaluate(
    () =>
      new Promise((done) => {
        let sum = 0;
        new PerformanceObserver((list) => list.getEntries().forEach((entry) => (sum += entry.value))).observe({ type: "layout-shift", buffered: true });
        requestAnimationFrame(() => requestAnimationFrame(() => done(sum)));
      }),
  );
  if (status === 200 && shift > SHIFT) faults.push(`the layout moves by ${shift.toFixed(3)}`);
  const beyond = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (beyond > 0) faults.push(`is ${beyond} px wider than the screen`);
  // A closed door looks the same everywhere, and stands among the pages itself.
  if (own || status === 200) faults.push(...(await violations(page, source)));
  const complaints = page.complaints.filter((line) => !/status of (403|404|422)/.test(line));
  return faults.concat(complaints);
}

/** What axe-core finds. The portal's policy forbids foreign scripts in the page; this one runs in the page's own world from outside. */
async function violations(page, source) {
  await page.evaluate(source);
  const { violations } = await page.evaluate((rules) => window.axe.run(document, { runOnly: { type: "tag", values: rules }, resultTypes: ["violations"] }), RULES);
  const told = (violation, node) => `${violation.id} (${violation.impact}): ${node.target.join(" ")}: ${node.failureSummary.split("\n").slice(1).join(" ").trim()}`;
  return violations.flatMap((violation) => violation.nodes.slice(0, 3).map((node) => told(violation, node)));
}
