// Keys, forms that change the page in place, and news. Everything here only makes faster what forms and links do without it.
"use strict";

const told = (text) => { document.getElementById("told").textContent = text; };
let chord = "";

// What a key does: the element that says so with data-key (or, after another key, data-chord) is pressed.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const typing = event.target.closest("input,select,textarea,dialog[open]");
  if (event.key === "Escape") { chord = ""; mark(); if (typing) event.target.blur(); return; }
  if (typing) {
    if (event.repeat) return;
    const option = chord && typing.querySelector(`option[data-chord="${CSS.escape(chord + event.key)}"]`);
    chord = ""; mark();
    if (option) { event.preventDefault(); typing.value = option.value; typing.form.requestSubmit(); }
    return;
  }
  // A key that is held down is one word: what comes next was not seen yet.
  if (event.repeat && event.key !== "j" && event.key !== "k") { if (event.key === "Enter") event.preventDefault(); return; }
  if (event.key === "?") { showKeys(); return; }
  const tick = event.key === "x" && document.activeElement.closest("li,tr")?.querySelector("[data-tick]");
  if (tick) { tick.click(); return; }
  if (event.key === "j" || event.key === "k") { step(event.key === "j" ? 1 : -1); return; }
  const wanted = [...document.querySelectorAll("[data-chord]")];
  if (chord && !["Tab", "Shift", "Enter", " "].includes(event.key)) {
    const hit = wanted.find((one) => one.dataset.chord === chord + event.key);
    chord = ""; mark();
    if (hit) { event.preventDefault(); hit.click(); }
    return;
  }
  if (wanted.some((one) => one.dataset.chord[0] === event.key)) { chord = event.key; mark(); event.preventDefault(); document.querySelector(`select[data-key="${CSS.escape(chord)}"]`)?.focus(); return; }
  const hit = [...document.querySelectorAll("[data-key],[data-go]")].find((one) => (one.dataset.key || "") === event.key);
  if (!hit) return;
  if (hit.dataset.says) { told(hit.dataset.says); return; }
  event.preventDefault();
  const folded = hit.closest("details");
  const begins = hit.matches("summary") && folded.querySelector("textarea");
  if (folded && (begins || hit.matches("input,select,textarea"))) folded.open = true;
  if (begins) { begins.focus(); return; }
  // a key leads to what is decided, and does not decide it
  const only = hit.matches("input,select,textarea,[data-focus]");
  if (only || hit.matches("summary")) hit.focus();
  if (!only) hit.click();
});

function mark() {
  document.body.classList.toggle("chosen", chord === "m");
  for (const one of document.querySelectorAll("details[data-opens]")) one.open = chord === one.dataset.opens;
}

function step(by) {
  const items = [...document.querySelectorAll("[data-item]")];
  if (!items.length) return;
  const at = items.indexOf(document.activeElement);
  items[Math.min(Math.max(at + by, 0), items.length - 1)].focus();
}

// What pressing an element does, in its own words: without its key, and without what it counts.
function does(one) {
  const said = one.dataset.does || one.getAttribute("aria-label") || one.closest("label")?.querySelector(".sr")?.textContent;
  if (said) return one.matches("option") ? `${said} ${one.textContent}` : said;
  const bare = one.cloneNode(true);
  for (const more of bare.querySelectorAll("kbd,.count,.sr")) more.remove();
  const words = bare.matches("select") ? bare.options[0].text : bare.textContent;
  return words.trim().replace(/^← /, "back: ") || one.placeholder || one.name;
}

function showKeys() {
  const list = document.querySelector("#keys dl");
  list.replaceChildren();
  const add = (key, what) => {
    const dt = document.createElement("dt"), kbd = document.createElement("kbd"), dd = document.createElement("dd");
    kbd.textContent = key; dt.append(kbd); dd.textContent = what; list.append(dt, dd);
  };
  for (const one of document.querySelectorAll("[data-key],[data-chord]")) {
    add(one.dataset.key || one.dataset.chord.split("").join(" "), does(one).slice(0, 60));
  }
  if (document.querySelector("[data-item]")) add("j k", "down and up in a list");
  if (document.querySelector("[data-tick]")) add("x", "choose the mail in the list");
  add("?", "these keys");
  document.getElementById("keys").showModal();
}

// A form or link that changes the page: the answer's main part takes the place of ours.
async function swap(url, options) {
  document.body.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(url, { credentials: "same-origin", ...options });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const main = page.querySelector("main");
    const out = answer.redirected && new URL(answer.url).pathname === "/sign-in";
    if (out && options && changed()) { refused("You are signed out, and this was not kept. Copy what you have typed, then sign in again."); return; }
    // whoever stands before postroom says that it is not there
    if (options && !main) { refused(`No answer from postroom (${answer.status}). Look whether what you did was kept, then try again.`); return; }
    if (!main || out) { leaving = true; location.assign(answer.url); return; }
    // a page with a script of its own, or of a newer postroom, is loaded whole
    if (!options && [...page.scripts].some((one) => !document.querySelector(`script[src="${CSS.escape(one.getAttribute("src"))}"]`))) { location.assign(answer.url); return; }
    const says = options && !answer.ok && !answer.redirected && main.querySelector(":scope>.says");
    if (says) { refused(says.textContent); return; }
    document.querySelector("main").replaceWith(document.adoptNode(main));
    const nav = page.getElementById("nav");
    if (nav) document.getElementById("nav").replaceWith(document.adoptNode(nav));
    document.title = page.title;
    // the address of a change is no page: to load it again would be refused, or the change made twice
    if ((!options || answer.redirected) && answer.url !== location.href) history.pushState({}, "", answer.url);
    shown = place();
    behind = false;
    chord = ""; mark();
    document.querySelector("main").focus({ preventScroll: true });
    dress();
    scrollTo(0, 0);
    told(answer.ok ? "" : "That did not work; see the page.");
  } catch {
    told("No answer from postroom. What you did may not be kept: try again.");
  } finally {
    document.body.removeAttribute("aria-busy");
  }
}

// What could not be done is told where it was wanted: what somebody has typed or ticked stays.
function refused(words) {
  document.querySelector("[data-refused]")?.remove();
  const told = document.createElement("p");
  told.className = "wrong"; told.setAttribute("role", "alert"); told.tabIndex = -1; told.dataset.refused = "";
  told.textContent = words;
  document.querySelector("main").prepend(told);
  told.focus();
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-swap]")) {
    if (sent === event.submitter && form.method === "post") { event.preventDefault(); return; }
    leaving = form.querySelector("textarea") !== null; sent = event.submitter;
    setTimeout(() => { leaving = false; sent = undefined; }, 2000);
    return;
  }
  event.preventDefault();
  if (under()) return;
  const fields = new URLSearchParams(new FormData(form, event.submitter));
  swap(form.action, { method: "POST", body: fields });
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("main a[data-key],main a[data-item]");
  // a browser asks before it leaves what somebody has written; an editor has a script that ends with its page
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button || written() || document.getElementById("editor")) return;
  event.preventDefault();
  if (!under()) swap(link.href);
});

// Back and forward, to another page than is shown: a link into the same page brings no other.
const place = () => location.pathname + location.search;
let shown = place();
addEventListener("popstate", () => { if (place() !== shown) location.reload(); });

// what was pressed a moment ago: a double click sends a form once
let leaving = false, sent;
addEventListener("beforeunload", (event) => { if (!leaving && written()) event.preventDefault(); });

// What takes its time, or is seldom wanted, is loaded when somebody opens it.
document.addEventListener("toggle", async (event) => {
  const opened = event.target;
  if (!opened.open) return;
  const frame = opened.querySelector("iframe[data-src]");
  if (frame && !frame.src) frame.src = frame.dataset.src;
  if (!opened.dataset.load) return;
  const answer = await fetch(opened.dataset.load, { credentials: "same-origin" });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const found = page.getElementById("loaded");
  if (!found) return;
  found.removeAttribute("id");
  opened.lastElementChild.replaceWith(document.adoptNode(found));
  delete opened.dataset.load;
}, true);

function dress() {
  const first = document.querySelector("[data-review] .primary");
  if (first) first.focus({ preventScroll: true });
  // what a template leaves to whoever writes is typed over
  const text = document.querySelector("textarea[autofocus]"), blank = /\{\w+\}/.exec(text ? text.value : "");
  if (blank) text.setSelectionRange(blank.index, blank.index + blank[0].length);
}

// News: when the store has changed, lists that nobody is working in are asked for again, at the latest when nobody is any more.
let heard = null, behind = false;
async function listen() {
  if (document.hidden) return;
  try {
    const answer = await fetch("/news", { credentials: "same-origin" });
    if (!answer.ok) return;
    const { mark: now } = await answer.json(), news = heard !== null && now !== heard;
    behind ||= news;
    if (behind && document.querySelector("[data-live]") && !busy()) behind = !await refresh();
    else if (news) await places();
    heard = now;
  } catch { /* it is asked again */ }
}
function chooses() { try { return document.querySelector(":popover-open"); } catch { return null; } }
function under() { return document.body.hasAttribute("aria-busy"); }
// What somebody has typed, ticked or chosen, and not sent.
function changed(of = "input,select,textarea") {
  const begun = (one) => Math.max([...one.options].findIndex((option) => option.defaultSelected), 0);
  const otherwise = (one) => one.matches("[type=checkbox],[type=radio]") ? one.checked !== one.defaultChecked : one.value !== one.defaultValue;
  return [...document.querySelectorAll(`main :is(${of})`)].some((one) => one.options ? one.selectedIndex !== begun(one) : otherwise(one));
}
function written() { return changed("textarea"); }
function busy() { return chooses() || changed() || document.querySelector("main details[open]") || document.activeElement.closest("input,select,textarea,main :is(button,summary,a:not([data-item]))") || under(); }
// Whether what is shown is new now; not where somebody has begun to work, or gone on, meanwhile.
async function refresh() {
  const asked = location.href, answer = await fetch(asked, { credentials: "same-origin" });
  if (!answer.ok || answer.redirected) return false;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (busy() || location.href !== asked) return false;
  const focus = document.activeElement.closest("[data-item]")?.getAttribute("href");
  for (const name of ["nav", "main"]) {
    const now = document.getElementById(name), then = page.getElementById(name);
    if (now && then && (name === "main" || !now.contains(document.activeElement))) now.replaceWith(document.adoptNode(then));
  }
  if (focus) document.querySelector(`[data-item][href="${CSS.escape(focus)}"]`)?.focus({ preventScroll: true });
  dress();
  return true;
}
// What is under way is looked at again until it has ended.
setInterval(() => { if (!document.hidden && document.querySelector("[data-running]") && !busy()) refresh().catch(() => {}); }, 2000);
// Where somebody works, only the side says what is new: their own page, which changes nothing, has it too.
async function places() {
  const answer = await fetch("/me", { credentials: "same-origin" });
  if (!answer.ok || answer.redirected) return;
  const then = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("nav");
  const nav = document.getElementById("nav"), here = nav.querySelector("[aria-current]")?.getAttribute("href");
  if (!then || nav.contains(document.activeElement) || chooses()) return;
  then.querySelector(`[href="${CSS.escape(here || "")}"]`)?.setAttribute("aria-current", "page");
  nav.replaceWith(document.adoptNode(then));
}
setInterval(listen, 5000);
listen();
dress();
