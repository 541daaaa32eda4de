// What several walks over cases share: opening a case, doing an act on it, and keeping a picture.

import { hold, visitor } from "./browser.mjs";

/** Today in China, `days` later, as forms take it. */
export const day = (days = 0) => new Date(Date.now() + 8 * 3_600_000 + days * 86_400_000).toISOString().slice(0, 10);

/** Clicks what leads to another page, and waits until it is there. */
export async function follow(page, what) {
  await Promise.all([page.waitForEvent("load"), (typeof what === "string" ? page.locator(what).first() : what).click()]);
}

/** Fills the fields of a form by name; what is a list is chosen from. */
export async function fill(form, fields) {
  for (const [name, value] of Object.entries(fields)) {
    const field = form.locator(`[name=${name}]`).first();
    if ((await field.evaluate((element) => element.tagName)) === "SELECT") await field.selectOption(value);
    else await field.fill(value);
  }
}

/** The form of an act on the page of a case, unfolded. */
export async function formOf(page, verb) {
  const form = page.locator(`.acts form:has(input[name=verb][value=${verb}])`).first();
  hold((await form.count()) === 1, `${verb} is not offered on ${page.url()}: ${await page.locator(".turn").innerText()}`);
  const fold = page.locator(`details.act:not([open]):has(input[name=verb][value=${verb}]) > summary`);
  if ((await fold.count()) > 0) await fold.first().click();
  return form;
}

/** Does an act on the case that is open; the page has to say that it was done. */
export async function act(page, verb, fields = {}) {
  await send(page, verb, fields);
  const refused = page.locator("[role=alert]");
  hold((await refused.count()) === 0, `${verb} was refused: ${(await refused.allInnerTexts()).join(" ")}`);
  hold((await page.locator(".notice.good[role=status]").count()) > 0, `nothing says that ${verb} was done`);
}

/** Sends the form of an act, whatever comes of it. */
export async function send(page, verb, fields = {}) {
  const form = await formOf(page, verb);
  await fill(form, fields);
  await follow(page, form.locator("button").last());
}

/** Where the way of the case has got to. */
export async function stands(page, state) {
  const shown = (await page.locator(".record-head .state").first().innerText()).trim();
  hold(shown === state, `the case is ${shown}, not ${state}`);
}

/** Somebody at work: a page, and pictures of it by name and width. */
export async function worker(browser, base, width, folder, role) {
  const page = await visitor(browser, base, { width, role });
  page.picture = (name) => page.screenshot({ path: `${folder}/${name}-${width}.png`, fullPage: true });
  return page;
}

/** The administrator gives somebody an account for an organization. */
export async function appoint(admin, login, organization) {
  await admin.goto("/accounts");
  const form = admin.locator("form[action='/accounts']");
  await fill(form, { login, name: `${organization} 联系人`, role: "member", region: "江苏省常州市武进区", organization, new_password: "duijie-demo" });
  await follow(admin, form.locator("button"));
  hold((await admin.locator("[role=alert]").count()) === 0, `no account ${login}: ${await admin.locator("main").innerText()}`);
}
