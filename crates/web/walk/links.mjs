// People without an account: a need handed in with a code from a letter and followed on a private
// link, an answer by link, and links that were used, replaced or never there.

import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { hold, visitor } from "./browser.mjs";
import { act, fill, follow, send, stands, worker } from "./cases.mjs";

/** A firm of the demo region for each width, by the code under which it is registered. */
const FIRMS = { 1440: ["91320412990000527X", "新能源示例企业08"], 390: ["91320412990000535Q", "新能源示例企业09"] };

const NEED = {
  title: "电芯模组激光焊接飞溅抑制",
  problem: "模组铝排激光焊接时飞溅落在电芯防爆阀附近，抽检不良约百分之二；已试过调整离焦量与摆动频率，改善有限，需要新的焊接工艺与在线监测方案。",
  expected_result: "飞溅不良率不高于 0.2%",
  contact_name: "吴工",
};

export async function withoutAccount(browser, base, width, folder, found) {
  const [code, name] = FIRMS[width];
  const need = { ...NEED, title: `${NEED.title}（${name}）` };
  const email = `wu-${Date.now()}@firm.example.cn`;
  const page = await worker(browser, base, width, folder);
  await page.goto("/submit");
  const form = page.locator("form[action='/submit']");
  await fill(form, { ...need, organization: "9132", name, email });
  await follow(page, form.locator("button"));
  hold((await page.locator("[role=alert]").innerText()).includes("统一社会信用代码"), "a wrong code of a firm is taken");
  hold((await form.locator("[name=title]").inputValue()) === need.title, "what was typed is gone");
  await page.picture("direct-wrong");
  await fill(form, { organization: code });
  await follow(page, form.locator("button"));
  await page.picture("direct-code");
  await fill(form, { code: "000000" });
  await follow(page, form.locator("button"));
  hold((await page.locator("[role=alert]").innerText()).includes("验证码不对"), "a wrong code is taken");
  await fill(form, { code: await codeFor(found.data, email) });
  await follow(page, form.locator("button"));
  const link = new URL(page.url()).pathname;
  hold(link.startsWith("/follow/") && (await page.locator("code.link").innerText()).includes(link), "the private link is not shown");
  await page.picture("direct-handed-in");
  await followed(browser, base, width, folder, page, link, need.title);
  // A ticket is good once, whichever way one comes back to it.
  await page.goBack();
  await page.goto("/follow/none");
  await gone(page);
  await page.picture("direct-dead-link");
  return [page];
}

async function followed(browser, base, width, folder, page, link, title) {
  const officer = await worker(browser, base, width, folder, "officer");
  await officer.goto("/cases?state=submitted");
  await follow(officer, officer.locator(".case-row h3 a", { hasText: title }).first());
  await act(officer, "claim");
  await act(officer, "return", { why: "请写明焊接材料与厚度" });
  await send(page, "withdraw", { why: "先内部试一轮" });
  hold((await page.locator("[role=alert]").innerText()).includes("您的操作没有写入"), "an act on an old page is done");
  hold((await page.locator("main").innerText()).includes("请写明焊接材料与厚度"), "the holder of the link does not see why it came back");
  await page.picture("direct-returned");
  await page.goto(link);
  await act(page, "withdraw", { why: "先内部试一轮" });
  await stands(page, "已撤回");
  await officer.context().close();
}

/** The code in the letter to `email`; letters lie in the outbox of the data directory. */
async function codeFor(data, email) {
  const outbox = join(data, "outbox");
  const files = (await readdir(outbox)).filter((name) => name.endsWith(".eml")).map((name) => join(outbox, name));
  const aged = await Promise.all(files.map(async (file) => [(await stat(file)).mtimeMs, await readFile(file, "utf8")]));
  const letter = aged.sort(([a], [b]) => b - a).find(([, text]) => text.startsWith(`To: ${email}\r\n`));
  hold(letter, `no letter to ${email}`);
  const subject = Buffer.from(letter[1].match(/=\?UTF-8\?B\?(.*?)\?=/)[1], "base64").toString();
  return subject.split(" ")[0];
}

async function gone(page) {
  hold((await page.locator("main").innerText()).includes("链接已失效"), `a dead link says “${await page.locator("main").innerText()}”`);
}

/** A responder without an account answers on a link; the link that it replaces is dead. */
export async function answerByLink(browser, base, width, folder, found) {
  const officer = await worker(browser, base, width, folder, "officer");
  const page = await visitor(browser, base, { width });
  page.picture = (name) => page.screenshot({ path: `${folder}/${name}-${width}.png`, fullPage: true });
  const links = [];
  for (let round = 0; round < 2; round++) {
    await officer.goto(found.introduced[width]);
    await follow(officer, "form[action$='/link'] button");
    links.push(new URL(await officer.locator("code.link").innerText()).pathname);
  }
  await officer.picture("link-made");
  await page.goto(links[0]);
  await gone(page);
  await page.goto(links[1]);
  await page.picture("link-asked");
  await send(page, "decline");
  hold((await page.locator("[role=alert]").innerText()).includes("请说明理由"), "declining takes no reason");
  await act(page, "accept");
  await page.picture("link-accepted");
  await officer.goto(found.introduced[width]);
  hold((await officer.locator("#introductions").innerText()).includes("已接受"), "the officer does not see the answer");
  return [officer, page];
}
