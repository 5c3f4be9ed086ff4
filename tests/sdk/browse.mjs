// One browser for the tests of the pages: takes a line of JSON, answers a line of JSON.
// The binary of @sparticuz/chromium without its `args`: those switch web security off.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import sparticuz from "@sparticuz/chromium";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const browser = await chromium.launch({
  executablePath: await sparticuz.executablePath(),
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
  headless: true,
});

// Steps of a visit, by name. Each takes the page and the rest of the step.
const STEPS = {
  click: (page, selector) => page.locator(selector).first().click(),
  check: (page, selector) => page.locator(selector).first().check(),
  fill: (page, selector, text) => page.locator(selector).first().fill(text),
  select: (page, selector, value) => page.locator(selector).first().selectOption(value),
  press: (page, key, times = 1) => Array.from({ length: times }).reduce((done) => done.then(() => page.keyboard.press(key)), Promise.resolve()),
  focus: (page, selector) => page.locator(selector).first().focus(),
  wait: (page, selector) => page.locator(selector).first().waitFor(),
  says: (page, selector, text) => page.locator(selector).filter({ hasText: text }).first().waitFor(),
  settled: (page) => page.waitForLoadState("networkidle"),
  media: (page, media) => page.emulateMedia({ media }),
};

async function tabs(page, most) {
  const seen = [];
  for (let n = 0; n < most; n++) {
    await page.keyboard.press("Tab");
    const focus = await page.evaluate(() => {
      const e = document.activeElement, again = e === window.focusBefore; // the parts of a day are one element
      window.focusBefore = e;
      const box = e.getBoundingClientRect(), style = getComputedStyle(e);
      return { tag: e.tagName, text: (e.textContent || e.value || "").trim().slice(0, 40), outline: parseFloat(style.outlineWidth), body: e === document.body, again, width: box.width };
    });
    if (focus.body) break;
    if (!focus.again) seen.push(focus);
  }
  return seen;
}

// Elements that a keyboard must reach: those that take the focus, and are seen.
const reachable = () => [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")]
  .filter((e) => !e.disabled && e.checkVisibility({ visibilityProperty: true }) && (!e.closest("details:not([open])") || e.matches("details > summary") && !e.parentElement.parentElement.closest("details:not([open])"))).length;

async function visit(command) {
  const { origin, path, cookie, width = 1280, height = 900, scheme = "light", scripts = true, steps = [], axe: audit = false, picture, full = false, tab = 0, print = false, read } = command;
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, javaScriptEnabled: scripts, bypassCSP: audit, permissions: [] });
  try {
    if (cookie) await context.addCookies([{ name: "sc", value: cookie, url: origin, httpOnly: true, sameSite: "Strict" }]);
    const page = await context.newPage();
    page.setDefaultTimeout(15000);
    const foreign = [], console_ = [];
    page.on("request", (request) => { if (!request.url().startsWith(origin + "/")) foreign.push(request.url()); });
    page.on("console", (message) => { if (["error", "warning"].includes(message.type())) console_.push(message.text()); });
    page.on("pageerror", (error) => console_.push(String(error)));
    page.on("dialog", (dialog) => { console_.push("dialog: " + dialog.message()); dialog.dismiss(); });
    const response = await page.goto(origin + path, { waitUntil: "load" });
    for (const [name, ...rest] of steps) await STEPS[name](page, ...rest);
    const found = { status: response.status(), address: page.url(), foreign, console: console_ };
    if (scripts) {
      found.overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    }
    if (tab) {
      found.reachable = await page.evaluate(reachable);
      found.tabs = await tabs(page, tab);
    }
    if (audit) {
      await page.evaluate(axe);
      const result = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
      found.violations = result.violations.map((v) => `${v.id}: ${v.help} (${v.nodes.slice(0, 3).map((n) => n.target.join(" ")).join("; ")})`);
    }
    if (read) found.text = await page.locator(read).first().innerText();
    if (picture) await page.screenshot({ path: picture, fullPage: full });
    if (print) {
      await page.emulateMedia({ media: "print" });
      found.paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      await page.setViewportSize({ width: 718, height: 1000 }); // A4 within its margins
      found.beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      found.navigation = await page.evaluate(() => getComputedStyle(document.querySelector(".pages")).display);
      found.pdf = (await page.pdf({ format: "A4" })).length;
    }
    return found;
  } finally {
    await context.close();
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try { answer = await visit(JSON.parse(line)); } catch (fault) { answer = { fault: String(fault.stack) }; }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
await browser.close();
