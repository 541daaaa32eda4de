// Whole tasks as each role, the way people do them. Each fails with what it did not find.

import { hold, login, visitor } from "./browser.mjs";
import { upload } from "./places.mjs";

/** Somebody on a phone finds a need and sees who could help and why. */
async function findAndUnderstand(browser, base, lang) {
  const page = await visitor(browser, base, { lang, width: 390 });
  await page.goto("/");
  await page.fill("#q", "锂电池");
  await page.press("#q", "Enter");
  await page.waitForURL(/\/search/);
  await page.click(".tabs a:has-text('" + (lang === "en" ? "need" : "需求") + "')");
  await page.click(".hits h3 a >> nth=0");
  hold((await page.locator(".match").count()) > 0, "a need shows no match");
  hold((await page.locator(".match .reasons li").count()) > 0, "a match shows no reason");
  return page;
}

/** A firm writes down a need, gets it back with a fault, mends it and sees it. */
async function writeNeed(browser, base, lang, found, width) {
  const page = await visitor(browser, base, { lang, width, role: "member" });
  await page.goto("/need/new");
  const title = `走查需求 ${lang} ${Date.now()}`;
  await page.fill("#f-title", title);
  await unfold(page);
  await page.fill("#f-budget", "很多钱");
  await page.click("form .sticky button");
  await page.waitForSelector("[aria-invalid=true]");
  hold((await page.inputValue("#f-title")) === title, "what was typed is gone");
  await page.fill("#f-budget", "80");
  await page.click("form .sticky button");
  await page.waitForURL(/\/need\/need-/);
  hold((await page.textContent("h1")).includes(title), "the new need is not shown");
  // Going back and sending again is answered, and nothing is written twice.
  await page.goBack();
  await page.click("form .sticky button");
  await page.waitForLoadState();
  hold((await page.locator("main").textContent()).length > 0, "going back ends on an empty page");
  return page;
}

/** Opens every group of a form. */
async function unfold(page) {
  const folded = page.locator("form details:not([open]) > summary");
  while ((await folded.count()) > 0) await folded.first().click();
}

/** An officer previews a file, takes it in, and gets it back explained. */
async function bringIn(browser, base, lang, found, width) {
  const page = await visitor(browser, base, { lang, width, role: "officer" });
  await upload(page, `需求名称,主要问题,行政区划\n导入走查 ${lang},现有工艺良率低,常州市\n`);
  hold((await page.locator(".sample tbody tr").count()) > 0, "the preview shows no row");
  await page.click("main form button");
  await page.waitForSelector("a[href$='/annotated']");
  return page;
}

/** Two tabs: the second one to save keeps what was typed. */
async function twoTabs(browser, base, lang, found, width) {
  const first = await visitor(browser, base, { lang, width, role: "officer" });
  await first.goto(`${found.need}/edit`);
  const second = await first.context().newPage();
  await second.goto(`${found.need}/edit`);
  const stamp = `${lang} ${Date.now()}`;
  await first.fill("textarea >> nth=0", `先到 ${stamp}`);
  await first.click("form .sticky button");
  await first.waitForURL(/need-[0-9a-z]+$/);
  await second.fill("textarea >> nth=0", `后到 ${stamp}`);
  await second.click("form .sticky button");
  await second.waitForSelector(".now");
  hold((await second.inputValue("textarea >> nth=0")).includes("后到"), "the second tab lost its words");
  return second;
}

/** The session ends while a form is open: nothing typed is lost, and it can still be sent. */
async function expiredSession(browser, base, lang, found, width) {
  const page = await visitor(browser, base, { lang, width, role: "adviser" });
  await page.goto("/need/new");
  const title = `会话过期 ${lang} ${Date.now()}`;
  await page.fill("#f-title", title);
  const cookies = await page.context().cookies();
  await page.context().clearCookies();
  await page.context().addCookies(cookies.filter((cookie) => cookie.name.includes("lang")));
  await page.click("form .sticky button");
  await page.waitForLoadState();
  hold((await page.content()).includes(title), "what was typed is gone with the session");
  const other = await page.context().newPage();
  await login(other, "adviser");
  await page.click("main form button");
  await page.waitForLoadState();
  if (!/need-[0-9a-z]+$/.test(page.url())) await page.click("main form button");
  await page.waitForURL(/need-[0-9a-z]+$/);
  hold((await page.textContent("h1")).includes(title), "the need was not saved after logging in again");
  return page;
}

/** With the keyboard alone: find, log in, write, save. */
async function byKeyboard(browser, base, lang, found, width) {
  const page = await visitor(browser, base, { lang, width });
  await page.goto("/");
  await page.keyboard.press("Tab");
  hold(await page.evaluate(() => document.activeElement.classList.contains("skip")), "the first stop is not the way past the navigation");
  await page.keyboard.press("/");
  await page.keyboard.type("涂层");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/search/);
  await tabTo(page, "a[href^='/login']");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/login/);
  await tabTo(page, "#login");
  await page.keyboard.type("adviser");
  await page.keyboard.press("Tab");
  await page.keyboard.type("duijie-demo");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/search/);
  await page.goto("/need");
  await tabTo(page, "a[href='/need/new']");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/need\/new/);
  await tabTo(page, "#f-title");
  const title = `键盘 ${lang} ${Date.now()}`;
  await page.keyboard.type(title);
  await tabTo(page, "form .sticky button");
  await page.keyboard.press("Enter");
  await page.waitForURL(/need-[0-9a-z]+$/);
  hold((await page.textContent("h1")).includes(title), "the need written by keyboard is not there");
  return page;
}

/** Presses Tab until what the selector `wanted` finds has the focus, which always has to be visible. */
async function tabTo(page, wanted) {
  for (let step = 0; step < 150; step++) {
    await page.keyboard.press("Tab");
    const there = await page.evaluate((selector) => document.activeElement.matches(selector), wanted);
    if (!there) continue;
    const ringed = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle !== "none");
    hold(ringed, "the focus cannot be seen");
    return;
  }
  throw new Error(`the keyboard does not reach ${wanted}`);
}

/** Without scripts: search, narrow, log in, save. */
async function withoutScripts(browser, base, lang, found, width) {
  const page = await visitor(browser, base, { lang, width, scripts: false, role: "officer" });
  await page.goto("/need?region=320400");
  await page.fill("#within", "电池");
  await page.click(".within button");
  await page.click(".hits h3 a >> nth=0");
  await page.click(".actions a[href$='/edit']");
  await page.fill("textarea >> nth=0", `无脚本 ${lang} ${Date.now()}`);
  await page.click("form .sticky button");
  await page.waitForURL(/need-[0-9a-z]+$/);
  return page;
}

/** A leader reads figures and is told why other doors stay shut. */
async function leaderReads(browser, base, lang, found, width) {
  const page = await visitor(browser, base, { lang, width, role: "leader" });
  await page.goto("/measures");
  await page.click("tbody th a >> nth=0");
  hold((await page.locator(".rules li").count()) > 0, "a measure shows no rule");
  const answer = await page.goto("/health");
  hold(answer.status() === 403 && (await page.locator("main a[href^='/login']").count()) === 0, "the refusal offers a login that does not help");
  return page;
}

/** An administrator sees how the installation is. */
async function adminLooks(browser, base, lang, found, width) {
  const page = await visitor(browser, base, { lang, width, role: "admin" });
  await page.goto("/health");
  hold((await page.locator("main .notice").count()) > 0, "the health page says nothing");
  return page;
}

export const TASKS = { findAndUnderstand, writeNeed, bringIn, twoTabs, expiredSession, byKeyboard, withoutScripts, leaderReads, adminLooks };
