// A Chromium with a visitor in it: which role, which language, how wide, with or without scripts.

import { chromium } from "playwright-core";

export const WIDTHS = [1440, 390];
export const LANGUAGES = ["zh-CN", "en"];
const PASSWORD = "duijie-demo";

export async function open(executablePath) {
  // The sandbox needs rights that a container does not give; only our own pages are opened.
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });
}

/** The sessions of everybody who logged in already, by base and login: one login serves many pages. */
const SESSIONS = new Map();

/** A page of a new visitor. Whatever the page logs as an error is kept in `page.complaints`. */
export async function visitor(browser, base, { lang = "zh-CN", width = 1440, scripts = true, role, dark = false } = {}) {
  const known = role && SESSIONS.get(`${base} ${role}`);
  const context = await browser.newContext({
    baseURL: base,
    locale: lang,
    viewport: { width, height: width > 600 ? 900 : 844 },
    javaScriptEnabled: scripts,
    colorScheme: dark ? "dark" : "light",
    reducedMotion: "reduce",
    storageState: known,
  });
  context.setDefaultTimeout(8000);
  const page = await context.newPage();
  page.complaints = [];
  page.on("console", (message) => message.type() === "error" && page.complaints.push(`${page.url()}: ${message.text()}`));
  page.on("pageerror", (error) => page.complaints.push(`${page.url()}: ${error.message}`));
  if (role && !known) {
    await login(page, role);
    const cookies = await context.cookies();
    SESSIONS.set(`${base} ${role}`, { cookies: cookies.filter((cookie) => cookie.name.endsWith("session")), origins: [] });
  }
  return page;
}

export async function login(page, role, password = PASSWORD) {
  await page.goto("/login");
  await page.fill("#login", role);
  await page.fill("#password", password);
  await page.click("main form button");
  await page.waitForURL((url) => !url.pathname.startsWith("/login"));
}

/** Fails with `what` unless `held`. */
export function hold(held, what) {
  if (!held) throw new Error(what);
}
