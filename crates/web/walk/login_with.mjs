// Logging in by a real OpenID Connect provider (the npm package `oidc-provider`) on loopback, in a real
// browser: a newcomer gets an account; somebody connects the account they have, and logs in by it.
// node login_with.mjs DUIJIE DATA CHROMIUM

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";
import Provider from "oidc-provider";
import { hold } from "./browser.mjs";

const [binary, data, executablePath] = process.argv.slice(2);
const SECRET = "a secret of the walk/+";

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** A provider that believes whatever name is typed, and says it is a clerk. */
function provide(issuer, portal) {
  const provider = new Provider(issuer, {
    clients: [{ client_id: "duijie", client_secret: SECRET, redirect_uris: [`${portal}/login/with/city/back`] }],
    claims: { openid: ["sub"], profile: ["name", "groups"], email: ["email"] },
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    cookies: { keys: ["walk"] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, name: `${id} 走查`, groups: ["clerks"] }) }),
  });
  return provider.listen(Number(new URL(issuer).port), "127.0.0.1");
}

/** A server that knows the provider; killed at the end. */
async function serve(issuer, listen, portal) {
  const folder = mkdtempSync(join(tmpdir(), "duijie-login-"));
  writeFileSync(join(folder, "secret"), SECRET);
  const lines = ["- id: city", "  name: { zh: 城市通, en: City Pass }", `  issuer: ${issuer}`, "  client_id: duijie", "  client_secret_file: secret"];
  lines.push('  new_accounts_in: "320400"', "  roles: { claim: groups, values: { clerks: officer } }");
  writeFileSync(join(folder, "login.yaml"), lines.join("\n"));
  const options = ["--data", data, "serve", "--listen", listen, "--public-url", portal, "--login-providers", join(folder, "login.yaml")];
  const server = spawn(binary, options, { stdio: ["ignore", "pipe", "inherit"] });
  await once(createInterface(server.stdout), "line");
  return server;
}

/** Types a name at the provider and agrees, where it asks. */
async function agree(page, name, portal) {
  await page.fill("input[name=login]", name);
  await page.fill("input[name=password]", "anything");
  await page.click("button[type=submit]");
  if (!page.url().startsWith(portal)) await page.click("button[type=submit]");
  await page.waitForURL((url) => url.href.startsWith(portal));
}

const [atProvider, atPortal] = [await freePort(), await freePort()];
const [issuer, portal] = [`http://127.0.0.1:${atProvider}`, `http://localhost:${atPortal}`];
const provider = provide(issuer, portal);
const server = await serve(issuer, `127.0.0.1:${atPortal}`, portal);
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
try {
  const name = `li${Date.now()}`;
  const newcomer = await (await browser.newContext({ locale: "en" })).newPage();
  await newcomer.goto(`${portal}/login?next=%2Fneed`);
  await newcomer.click(".providers a");
  await agree(newcomer, name, portal);
  hold(newcomer.url() === `${portal}/need`, `the newcomer ended on ${newcomer.url()}`);
  await newcomer.goto(`${portal}/account`);
  const about = await newcomer.textContent("main");
  hold(about.includes(`${name} 走查`) && about.includes("city-"), "the newcomer has no account of that name");

  const context = await browser.newContext({ locale: "zh-CN" });
  const member = await context.newPage();
  await member.goto(`${portal}/login`);
  await member.fill("#login", "member");
  await member.fill("#password", "duijie-demo");
  await member.click("main form button");
  await member.goto(`${portal}/account`);
  await member.click("button:has-text('城市通')");
  await member.click("main a.button");
  await agree(member, `${name}-member`, portal);
  hold(member.url().includes("done=connect"), `connecting ended on ${member.url()}`);

  const again = await (await browser.newContext({ locale: "zh-CN" })).newPage();
  await again.goto(`${portal}/login`);
  await again.click(".providers a");
  await agree(again, `${name}-member`, portal);
  await again.goto(`${portal}/account`);
  hold((await again.textContent("main")).includes("member"), "the connected account is another one");
  console.log("login by a provider: a newcomer, a connection and a login by it");
} finally {
  await browser.close();
  server.kill();
  provider.close();
}
