// What has to be refused, and how it is told: no right, a double click, the way back, two officers at once.

import { hold, visitor } from "./browser.mjs";
import { act, day, fill, follow, formOf, send, stands, worker } from "./cases.mjs";

const words = (stamp) => ({
  title: `薄壁壳体压铸气孔控制 ${stamp}`,
  problem: `压铸壳体机加工后暴露气孔，泄漏率约百分之四，真空压铸改造后仍不稳定，模具排气与压射曲线的匹配缺少依据，需要仿真、传感与工艺参数优化（${stamp}）。`,
  expected_result: "泄漏率不高于 0.8%",
  contact_name: "周工",
  phone: "0519-12345678",
});

/** A stranger learns nothing, a visitor is led to the login and back, a leader is told what is not theirs. */
export async function noRight(browser, base, width, folder, found) {
  const member = await worker(browser, base, width, folder, "member");
  const hidden = await member.goto("/case/case-0000000000000000");
  const nothing = await member.locator("main").innerText();
  hold(hidden.status() === 404, `a case that there is not answers ${hidden.status()}`);
  const foreign = await member.goto(found.foreign);
  hold(foreign.status() === 404 && (await member.locator("main").innerText()) === nothing, "somebody else's case answers otherwise than none");
  await member.picture("refused-stranger");
  const leader = await worker(browser, base, width, folder, "leader");
  const closed = await leader.goto("/cases/assignment");
  hold(closed.status() === 403 && (await leader.locator("main").innerText()).includes("只有经办人可以分派"), "a leader is not told who assigns");
  await leader.picture("refused-leader");
  const nobody = await visitor(browser, base, { width });
  hold((await nobody.goto("/case/new")).status() === 403, "a form of a case opens without logging in");
  await follow(nobody, "main a[href^='/login']");
  await nobody.fill("#login", "member");
  await nobody.fill("#password", "duijie-demo");
  await follow(nobody, "main form button");
  hold(new URL(nobody.url()).pathname === "/case/new", "logging in does not lead back to the form");
  return [member, leader, nobody];
}

/** A form that is sent twice is one case, with scripts and without, and after going back. */
export async function twice(browser, base, width) {
  const pages = [];
  for (const scripts of [true, false]) {
    const page = await visitor(browser, base, { width, role: "member", scripts });
    pages.push(page);
    await page.goto("/case/new");
    const need = words(`${Date.now()}${scripts ? "" : "无脚本"}`);
    const form = page.locator("form[data-judged]");
    await fill(form, need);
    await clickTwice(page, form.locator("button[value=submit]"), /\/case\/case-/);
    const first = new URL(page.url()).pathname;
    await page.goBack();
    if (scripts) await fill(form, need);
    await follow(page, form.locator("button[value=submit]"));
    hold(new URL(page.url()).pathname === first, "going back and sending again makes another case");
    await page.goto("/cases");
    const count = await page.locator(".case-row h3 a", { hasText: need.title }).count();
    hold(count === 1, `sent twice it is ${count} cases`);
  }
  return pages;
}

/** Of two officers the first one's act holds; the other is told, keeps what was typed, and can go on. */
export async function twoOfficers(browser, base, width, folder) {
  const member = await worker(browser, base, width, folder, "member");
  await member.goto("/case/new");
  await fill(member.locator("form[data-judged]"), words(Date.now()));
  await follow(member, "button[value=submit]");
  const path = new URL(member.url()).pathname;
  const district = await worker(browser, base, width, folder, "wujin");
  const city = await worker(browser, base, width, folder, "officer");
  for (const page of [district, city]) await page.goto(path);
  await act(district, "claim");
  await send(city, "claim");
  await refused(city, "您的操作没有写入");
  await city.picture("refused-second-officer");
  hold((await city.locator(".record-head").innerText()).includes("武进区经办人"), "the first claim was overwritten");
  while ((await district.locator(".acts input[value=lift_hold]").count()) > 0) {
    const form = await formOf(district, "lift_hold");
    const reason = await form.locator("[name=hold] option:not([value=''])").first().getAttribute("value");
    await act(district, "lift_hold", { hold: reason, why: "已电话核实" });
  }
  await city.goto(path);
  const form = await formOf(city, "return");
  await fill(form, { why: "请补充泄漏检测方法" });
  await act(district, "admit");
  await follow(city, form.locator("button").last());
  await refused(city, "您的操作没有写入");
  hold((await city.locator("main").innerText()).includes("请补充泄漏检测方法"), "what the second officer typed is gone");
  await stands(city, "匹配中");
  await city.picture("refused-late-return");
  await goneBack(district);
  await introducedOnce(district, path);
  return [member, district, city];
}

/** The page from before an act still shows its button, which does nothing any more. */
async function goneBack(page) {
  await page.goBack();
  if ((await page.locator(".acts input[value=admit]").count()) === 0) return;
  await send(page, "admit");
  await stands(page, "匹配中");
  hold((await page.locator("#timeline li", { hasText: "审核通过" }).count()) === 1, "going back and admitting again admits twice");
}

async function introducedOnce(page, path) {
  await page.goto(`${path}/introduce`);
  await page.locator("input[name=responder]:enabled").first().check();
  await clickTwice(page, page.locator("form button[data-once]"), /done=1/);
  hold((await page.locator("#introductions .introductions > li").count()) === 1, "a double click introduces twice");
}

/** Clicks twice as fast as people do; the second click may break off what the first one began. */
async function clickTwice(page, button, wanted) {
  await button.dblclick({ noWaitAfter: true });
  for (let waited = 0; waited < 8000 && !wanted.test(page.url()); waited += 100) await page.waitForTimeout(100);
  hold(wanted.test(page.url()), `clicking twice ends on ${page.url()}`);
  await page.waitForLoadState();
}

async function refused(page, words) {
  const alert = (await page.locator("[role=alert]").allInnerTexts()).join(" ");
  hold(alert.includes(words), `a conflict is told as “${alert}”`);
}

/** A visit: each problem is a draft, a promise is kept; the same form twice is one visit. */
export async function visits(browser, base, width, folder) {
  const adviser = await worker(browser, base, width, folder, "adviser");
  await adviser.goto("/visits");
  const form = adviser.locator("form[action='/visits']");
  if (!(await form.isVisible())) await adviser.click("details.act > summary");
  const stamp = Date.now();
  await fill(form, { organization: "装备示例企业10", on: day(1), problems: "1. 叶片打孔毛刺多" });
  await follow(adviser, form.locator("button"));
  hold((await adviser.locator("[role=alert]").innerText()).includes("走访日期在将来"), "a visit of tomorrow is taken");
  hold((await form.locator("[name=problems]").inputValue()).includes("打孔毛刺"), "what was typed is gone");
  const problems = `1. 热障涂层在循环氧化后开裂剥落，调整功率没有改善，需要新的涂层结构（${stamp}）\n2. 叶片激光打孔毛刺多，返工率高，交期常常延误，需要新的打孔工艺（${stamp}）`;
  await fill(form, { on: day(), contact_name: "李工", phone: "0519-12345678", problems, promises: `联系表面工程示例研究院 ${day(7)}` });
  await adviser.picture("visit-form");
  await clickTwice(adviser, form.locator("button"), /\/visit\/visit-/);
  hold((await adviser.locator("a[href^='/case/case-']").count()) === 2, "two problems are not two drafts");
  await adviser.picture("visit-recorded");
  await fill(adviser.locator("form.joined"), { on: day() });
  await follow(adviser, "form.joined button");
  hold((await adviser.locator(".state").first().innerText()).includes("兑现"), "the promise is not kept");
  await follow(adviser, adviser.locator("a[href^='/case/case-']").first());
  await stands(adviser, "草稿");
  await act(adviser, "submit");
  await stands(adviser, "已提交");
  await adviser.goto("/workspace");
  hold((await adviser.locator("main").innerText()).includes("装备示例企业10"), "the adviser's desk does not name the firm");
  await adviser.picture("adviser-workspace");
  return [adviser];
}
