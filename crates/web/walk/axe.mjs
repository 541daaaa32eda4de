// Every page in both languages and at both widths: WCAG 2.2 AA by axe-core, nothing wider than the
// screen, nothing that moves while it loads, nothing that the browser complains about.

import { readFile, mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { LANGUAGES, WIDTHS, login, visitor } from "./browser.mjs";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
// Shifts that nobody sees; the recommended bound is 0.1.
const SHIFT = 0.02;

export async function axe(browser, base, pages, shots, officer) {
  const source = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  await mkdir(shots, { recursive: true });
  const faults = [];
  const cookies = await officer.context().cookies();
  for (const lang of LANGUAGES) {
    for (const width of WIDTHS) {
      const visitors = {};
      for (const wanted of pages) {
        const role = wanted.as ?? "public";
        visitors[role] ??= await visitor(browser, base, { lang, width, role: wanted.as === "officer" ? undefined : wanted.as });
        const page = visitors[role];
        if (role === "officer" && !page.known) {
          // The preview of an upload belongs to the session that sent it.
          await page.context().addCookies(cookies.filter((cookie) => cookie.name.endsWith("session")));
          page.known = true;
        }
        const where = `${wanted.path} (${role}, ${lang}, ${width})`;
        faults.push(...(await look(page, wanted, source)).map((fault) => `${where}: ${fault}`));
        await page.screenshot({ path: `${shots}/${wanted.name}-${lang.slice(0, 2)}-${width}.png`, fullPage: true });
      }
      for (const page of Object.values(visitors)) await page.context().close();
    }
  }
  return faults;
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

async function look(page, wanted, source) {
  page.complaints.length = 0;
  const answer = await page.goto(wanted.path, { waitUntil: "load" });
  const faults = [];
  if (answer.status() !== (wanted.status ?? 200)) faults.push(`answered ${answer.status()}`);
  faults.push(...(await drawn(page)));
  const shift = await page.evaluate(
    () =>
      new Promise((done) => {
        let sum = 0;
        new PerformanceObserver((list) => list.getEntries().forEach((entry) => (sum += entry.value))).observe({ type: "layout-shift", buffered: true });
        requestAnimationFrame(() => requestAnimationFrame(() => done(sum)));
      }),
  );
  if (shift > SHIFT) faults.push(`the layout moves by ${shift.toFixed(3)}`);
  const beyond = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (beyond > 0) faults.push(`is ${beyond} px wider than the screen`);
  // The portal's policy forbids foreign scripts in the page; the test runs in the page's own world from outside.
  await page.evaluate(source);
  const { violations } = await page.evaluate((rules) => window.axe.run(document, { runOnly: { type: "tag", values: rules } }), RULES);
  for (const violation of violations) {
    for (const node of violation.nodes.slice(0, 3)) {
      faults.push(`${violation.id} (${violation.impact}): ${node.target.join(" ")}: ${node.failureSummary.split("\n").slice(1).join(" ").trim()}`);
    }
  }
  const complaints = page.complaints.filter((line) => !/status of (403|404|422)/.test(line));
  return faults.concat(complaints);
}
