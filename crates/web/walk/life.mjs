// The whole life of a case, from a firm's first words to closed with a contract, by six people: the
// firm, the officer of its district, the one of the city, an adviser, an expert's institute, a leader.

import { hold } from "./browser.mjs";
import { act, appoint, day, fill, follow, formOf, send, stands, worker } from "./cases.mjs";

/** A firm of the demo region for each width, so that no case is held as the same subject again. */
const FIRMS = { 1440: "装备示例企业02", 390: "装备示例企业08" };
const EXPERT = "专家A01·热障涂层";
const INSTITUTE = "表面工程示例研究院";

const NEED = {
  problem:
    "高温合金叶片的热障涂层在循环氧化三百小时后开裂剥落，返修率超过百分之八；已试过调整等离子喷涂功率与喷距，改善不明显，怀疑结合层预氧化不均，需要新的涂层结构与喷涂工艺，并给出可以在产线上执行的检验方法。",
  key_technology: "梯度陶瓷热障涂层、等离子喷涂参数优化、结合层预氧化",
  expected_result: "循环氧化寿命不少于 600 小时，返修率降到 2% 以下，2027 年底前完成",
  budget: "80",
  until: "2027-12-31",
  fields: "表面工程、新材料",
  keywords: "热障涂层、等离子喷涂",
  confidential: "现用粉末配方为保密甲乙丙",
  contact_name: "李工",
  phone: "0519-12345678",
  email: "li@firm.example.cn",
};

export async function life(browser, base, width, folder) {
  const firmName = FIRMS[width];
  const title = `高温合金叶片热障涂层工艺改进（${firmName}）`;
  const admin = await worker(browser, base, width, folder, "admin");
  const stamp = Date.now().toString(36);
  const logins = { firm: `firm-${stamp}`, expert: `institute-${stamp}` };
  await appoint(admin, logins.firm, firmName);
  await appoint(admin, logins.expert, INSTITUTE);
  const people = {};
  for (const [name, login] of Object.entries({ ...logins, district: "wujin", city: "officer", adviser: "adviser", leader: "leader" })) {
    people[name] = await worker(browser, base, width, folder, login);
  }
  const { firm } = people;
  const path = await written(firm, title);
  await judged(people, path);
  await introduced(people, path);
  await answered(people, path, firmName);
  await contracted(people, path, width);
  await closed(people, path);
  await readAgain(people, path);
  for (const page of [admin, ...Object.values(people)]) {
    hold(page.complaints.every((line) => /status of (403|404|409|422)/.test(line)), page.complaints.join("; "));
    await page.context().close();
  }
}

/** The firm writes; the text is judged while it types, kept when the page is left, and handed in. */
async function written(firm, title) {
  await firm.goto("/cases");
  await follow(firm, "a[href='/case/new']");
  const form = firm.locator("form[data-judged]");
  await fill(form, { title, problem: "涂层开裂" });
  await firm.waitForSelector("#judgement .gaps li");
  await firm.picture("life-01-gaps");
  await firm.reload();
  hold((await firm.inputValue("#f-title")) === title, "the draft is gone after the page was loaded again");
  await fill(form, NEED);
  await form.locator("[name=anonymous]").check();
  await firm.waitForFunction(() => Number(document.querySelector("#judgement .score b")?.textContent) >= 80);
  await firm.picture("life-02-written");
  await follow(firm, form.locator("button[value=submit]"));
  await stands(firm, "已提交");
  await firm.picture("life-03-submitted");
  return new URL(firm.url()).pathname;
}

/** The district sends it back once, admits it, asks the city and gets an answer. */
async function judged({ firm, district, city }, path) {
  await district.goto("/cases?state=submitted");
  await district.picture("life-04-queue");
  await follow(district, `.case-row a[href='${path}']`);
  await act(district, "claim");
  await act(district, "return", { template: "请写出可测量的目标，如指标、成本、期限", why: "请写明检验方法" });
  await firm.goto(path);
  await stands(firm, "已退回");
  hold((await firm.locator("#timeline").innerText()).includes("请写明检验方法"), "the firm does not see why it came back");
  await firm.picture("life-05-returned");
  await follow(firm, `a[href='${path}/write']`);
  await fill(firm.locator("form[data-judged]"), { expected_result: `${NEED.expected_result}；按循环氧化试验检验` });
  await follow(firm, "button[value=submit]");
  await stands(firm, "已提交");
  await district.goto(path);
  if ((await district.locator(".acts input[value=claim]").count()) > 0) await act(district, "claim");
  while ((await district.locator(".acts input[value=lift_hold]").count()) > 0) await lift(district);
  await act(district, "admit");
  await act(district, "escalate", { why: "本区没有同类院所，请市里推荐" });
  await stands(district, "已上报");
  await city.goto(path);
  await city.picture("life-06-escalated");
  await act(city, "advise", { why: `建议联系${INSTITUTE}` });
  await stands(city, "匹配中");
}

/** The first figure of the region leads to as many cases as it counts; others may hand one in between. */
async function drilledDown(leader) {
  let [counted, shown] = [];
  for (let attempt = 0; attempt < 3 && (counted === undefined || counted !== shown); attempt++) {
    await leader.goto("/cases/figures?region=320412");
    const cell = leader.locator("table").first().locator("tbody tr").first().locator("td a").first();
    counted = Number((await cell.innerText()).replace(/\D/g, ""));
    await follow(leader, cell);
    shown = await leader.locator(".case-row").count();
  }
  hold(counted === shown, `${counted} cases are counted and ${shown} are shown`);
}

async function lift(page) {
  const form = await formOf(page, "lift_hold");
  const hold = await form.locator("[name=hold] option:not([value=''])").first().getAttribute("value");
  await act(page, "lift_hold", { hold, why: "已电话核实" });
}

async function introduced({ district }, path) {
  await district.goto(path);
  await follow(district, `a[href='${path}/introduce']`);
  await district.picture("life-07-candidates");
  await district.getByLabel(EXPERT).check();
  await follow(district, "form button[data-once]");
  await stands(district, "已推介");
  await district.picture("life-08-introduced");
}

/** What the institute sees grows with its promise and with both consents. */
async function answered({ firm, expert }, path, firmName) {
  await expert.goto("/cases");
  await expert.picture("life-09-requests");
  await follow(expert, `.case-row a[href='${path}']`);
  const seen = async () => expert.locator("main").innerText();
  const first = await seen();
  hold(![NEED.confidential, NEED.contact_name, NEED.phone].some((words) => first.includes(words)), "the institute sees too much before its promise");
  hold(!first.replaceAll(`（${firmName}）`, "").includes(firmName), "an anonymous need names its firm");
  await expert.picture("life-10-invited");
  await act(expert, "promise", { promised: "yes" });
  hold((await seen()).includes(NEED.confidential), "the promise opens nothing");
  await act(expert, "accept");
  await act(expert, "consent");
  hold(!(await seen()).includes(NEED.phone), "one consent opens the contact");
  await firm.goto(path);
  await stands(firm, "对接中");
  await act(firm, "consent");
  await firm.picture("life-11-consented");
  await expert.goto(path);
  hold((await seen()).includes(NEED.phone), "both consents open nothing");
  await expert.picture("life-12-contact");
}

async function contracted({ firm, adviser, district }, path, width) {
  await adviser.goto(path);
  await act(adviser, "meet", { on: day(), place: "常州", present: "企业技术负责人、专家团队", result: "go_on", minutes: "看了样件，双方愿意继续" });
  await adviser.picture("life-13-met");
  await firm.goto(path);
  await act(firm, "agree", { on: day(), subject: "联合开发，先做样件" });
  await district.goto(path);
  const contract = {
    kind: "development",
    signed: day(),
    until: day(400),
    amount: "80",
    milestones: `样件 ${day(60)}\n小批 ${day(200)}`,
    payments: `30 ${day(30)}\n40 ${day(210)}`,
  };
  await send(district, "contract", contract);
  const alert = await district.locator("[role=alert]").innerText();
  hold(alert.includes("各笔付款之和与合同金额不符"), `payments that do not add up are told as: ${alert}`);
  hold((await district.locator("#contract-amount").inputValue()) === "80", "what was typed is gone");
  await district.picture("life-14-wrong-contract");
  await act(district, "contract", { payments: `30 ${day(30)}\n50 ${day(210)}` });
  await firm.goto(path);
  await firm.setInputFiles("#file", { name: `技术合同-${width}.pdf`, mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF") });
  await follow(firm, "#documents button");
  hold((await firm.locator("#documents .lines").innerText()).includes("技术合同"), "the document is not listed");
  await follow(firm, "#documents .lines a");
  await firm.picture("life-15-document");
  await adviser.goto(path);
  await act(adviser, "accept_milestone", { milestone: "0", on: day() });
  await act(adviser, "accept_milestone", { milestone: "1", on: day() });
  await act(adviser, "pay", { payment: "0", on: day() });
  await act(adviser, "deliver", { on: day(), what: "样件、工艺文件与测试报告" });
  await stands(adviser, "已交付");
  await adviser.picture("life-16-delivered");
}

async function closed({ firm, expert }, path) {
  await expert.goto(path);
  await act(expert, "help", { why: "样件通过验证" });
  await firm.goto(path);
  await act(firm, "close", { outcome: "solved", why: "寿命达到 650 小时" });
  await stands(firm, "已办结");
  await act(firm, "survey", { stars: "5", outcome: "solved", comment: "配合顺畅" });
  await expert.goto(path);
  await act(expert, "survey", { stars: "4", outcome: "solved", comment: "资料齐全" });
}

/** The leader reads the whole of it, counted, as of an earlier moment, on paper; a stranger learns nothing. */
async function readAgain({ firm, leader, adviser }, path) {
  await leader.goto("/cases/figures?region=320412");
  await leader.picture("life-17-figures");
  await drilledDown(leader);
  await follow(leader, `.case-row a[href='${path}']`);
  hold((await leader.locator(".acts form").count()) === 0, "a leader is offered acts");
  const lines = await leader.locator("#timeline li").count();
  hold(lines >= 25, `the timeline has ${lines} lines`);
  await leader.picture("life-18-closed");
  await follow(leader, "#timeline li:nth-child(3) a");
  hold((await leader.locator(".notice").first().innerText()).length > 0, "an earlier state does not say that it is one");
  await leader.picture("life-19-as-of");
  await leader.goto(`${path}/print`);
  await leader.picture("life-20-print");
  const download = leader.waitForEvent("download");
  await leader.goto(path);
  await leader.click(`a[href='${path}/case.docx']`);
  hold((await (await download).suggestedFilename()).endsWith(".docx"), "the case is no Word document");
  await firm.goto("/inbox");
  await firm.picture("life-21-inbox");
  await adviser.goto("/workspace");
  await adviser.picture("life-22-workspace");
}
