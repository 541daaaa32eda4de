// The addresses that the pages of pages.json stand for, found out from the portal itself.

import { readFile } from "node:fs/promises";
import { visitor } from "./browser.mjs";

export async function places(browser, base, data) {
  const stranger = await visitor(browser, base);
  const several = async (list, pattern, page = stranger) => {
    await page.goto(list);
    const paths = await page.$$eval("main a[href]", (links) => links.map((link) => link.getAttribute("href")));
    return [...new Set(paths.filter((path) => pattern.test(path)))];
  };
  const first = async (list, pattern, page = stranger) => {
    const [path] = await several(list, pattern, page);
    if (!path) throw new Error(`nothing like ${pattern} on ${list}`);
    return path;
  };
  const found = {
    need: await first("/need?sort=newest", /^\/need\/need-[0-9a-z]+$/),
    offer: await first("/offer?sort=newest", /^\/offer\/off[a-z]*-[0-9a-z]+$/),
    measure: await first("/measures", /^\/measures\/./),
    organization: await first("/organization?q=%E6%96%B0%E8%83%BD%E6%BA%90%E7%A4%BA%E4%BE%8B%E4%BC%81%E4%B8%9A04", /^\/organization\/org-[0-9a-z]+$/),
  };
  await stranger.context().close();
  const officer = await visitor(browser, base, { role: "officer" });
  await upload(officer, "需求名称,主要问题,行政区划,拟投入资金(万元)\n激光熔覆返修裂纹控制,裂纹难控,常州市,50\n坏的一行,说明,常州市,负五十\n");
  found.import = new URL(officer.url()).pathname;
  const aCase = /^\/case\/case-[0-9a-z]+$/;
  found.case = await first("/cases?state=matching", aCase, officer);
  found.data = data;
  // A responder without account answers one at each width.
  const waiting = [];
  for (const path of await several("/cases?state=introduced", aCase, officer)) {
    await officer.goto(path);
    if ((await officer.locator("#link-of").count()) && (await officer.locator("#introductions").innerText()).includes("待答复")) waiting.push(path);
    if (waiting.length === 2) break;
  }
  const [one, other] = waiting;
  if (!other) throw new Error("fewer than two cases wait for the answer of a responder");
  found.introduced = { 1440: one, 390: other };
  found.foreign = one;
  const member = await visitor(browser, base, { role: "member" });
  found.draft = await first("/cases?state=draft", aCase, member);
  await member.context().close();
  return { found, officer };
}

export async function upload(page, csv) {
  await page.goto("/import");
  await page.setInputFiles("#file", { name: "新需求.csv", mimeType: "text/csv", buffer: Buffer.from(csv) });
  await page.selectOption("select[name=kind]", "need").catch(() => {});
  await page.click("main form[enctype] button");
  await page.waitForURL(/\/import\/./);
}

export async function pages(found) {
  const all = JSON.parse(await readFile(new URL("./pages.json", import.meta.url), "utf8"));
  return all.map((page) => {
    const path = page.path.replace(/\{(\w+)\}/g, (_, name) => found[name] ?? `{${name}}`);
    const name = page.name ?? (page.route.replaceAll(/[{}]/g, "").replaceAll("/", "-").replace(/^-/, "") || "home");
    return { ...page, path, name };
  });
}
