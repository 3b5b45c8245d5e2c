// The editor of rules: line numbers that follow, and what is wrong with the text, as it is typed. Without it "Check" says the same.
"use strict";

const area = document.querySelector("textarea[data-check]");
if (area) {
  const form = area.form, numbers = document.getElementById("numbers"), list = document.getElementById("problems");
  const PAUSE = 500, SIGNS = { error: "✖", warning: "▲", note: "●" }, RANK = ["error", "warning", "note"];
  let waiting = 0, asked = 0, leaving = false;
  const begun = "unsaved" in area.dataset ? null : area.value, held = document.querySelector(".held");

  const make = (name, text, kind) => { const made = document.createElement(name); made.textContent = text; if (kind) made.className = kind; return made; };

  function number(problems) {
    const worst = new Map();
    for (const one of problems) if (one.here && (!worst.has(one.line) || RANK.indexOf(one.severity) < RANK.indexOf(worst.get(one.line)))) worst.set(one.line, one.severity);
    const count = area.value.split("\n").length;
    numbers.replaceChildren();
    for (let line = 1; line <= count; line++) numbers.append(worst.has(line) ? make("b", line, worst.get(line)) : String(line), "\n");
    area.rows = Math.max(count, 12) + 1;
  }

  // Where a line and column are in the text, to go there.
  function go(line, column) {
    const lines = area.value.split("\n");
    const at = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0) + column - 1;
    area.focus();
    area.setSelectionRange(at, Math.max(at, at + ((lines[line - 1] || "").length - column + 1)));
  }

  function show(found) {
    const said = make("ul", "", "problems");
    for (const one of found.problems) {
      const item = make("li", "", one.severity), sign = make("span", SIGNS[one.severity]);
      sign.setAttribute("aria-hidden", "true");
      item.append(sign, " ", make("b", one.severity), " ");
      if (one.here) {
        const place = make("button", `line ${one.line}, column ${one.column}`, "place");
        place.type = "button";
        place.addEventListener("click", () => go(one.line, one.column));
        item.append(place);
      } else item.append(make("span", `${one.file} line ${one.line}`));
      item.append(`: ${one.message} `, make("span", one.remedy, "soft"));
      said.append(item);
    }
    const fine = (text) => { const p = make("p", ""); p.append(make("span", text, "chip good")); return p; };
    const parts = found.problems.length ? [said] : [fine("✓ nothing is wrong with it")];
    if (found.problems.some((one) => one.severity === "error")) parts.push(make("p", "Example mails are judged once there is no error.", "soft"));
    else if (!found.different.length) parts.push(fine(`✓ all ${found.examples} example mails come out as they say`));
    else {
      const others = make("ul", "", "problems");
      for (const one of found.different) { const item = make("li", `▲ ${one.name}: `, "warning"); item.append(make("span", one.differences.join("; "), "soft")); others.append(item); }
      parts.push(make("p", `${found.different.length} of ${found.examples} example mails come out differently than they say:`), others);
    }
    list.replaceChildren(...parts);
    number(found.problems);
  }

  async function check() {
    const mine = ++asked;
    list.setAttribute("aria-busy", "true");
    try {
      const fields = new URLSearchParams({ csrf: form.elements.csrf.value, sheet: form.elements.sheet.value, text: area.value });
      const answer = await fetch(area.dataset.check, { method: "POST", body: fields, credentials: "same-origin" });
      const found = answer.headers.get("content-type")?.startsWith("application/json") ? await answer.json() : { refused: "It can't be checked now." };
      if (mine !== asked) return;
      if (found.refused) list.replaceChildren(make("p", found.refused, "wrong")); else show(found);
    } catch {
      if (mine === asked) list.replaceChildren(make("p", "No answer from postroom: it is checked again when you go on.", "wrong"));
    } finally {
      if (mine === asked) list.removeAttribute("aria-busy");
    }
  }

  area.addEventListener("input", () => { number([]); if (held) held.hidden = true; clearTimeout(waiting); waiting = setTimeout(check, PAUSE); });
  form.addEventListener("submit", () => { leaving = true; setTimeout(() => { leaving = false; }, 2000); });
  addEventListener("beforeunload", (event) => { if (!leaving && area.value !== begun) event.preventDefault(); });
  if (!list.querySelector(".problems,.chip")) check();

  // Whether what was saved is in force, until it is.
  const state = document.getElementById("state");
  let looks = location.search.includes("saved=1") && state.querySelector(".warn") ? 10 : 0;
  const look = async () => {
    const page = new DOMParser().parseFromString(await (await fetch(location.href, { credentials: "same-origin" })).text(), "text/html");
    const now = page.getElementById("state");
    if (now) state.replaceChildren(...document.adoptNode(now).childNodes);
    if (--looks > 0 && state.querySelector(".warn")) setTimeout(look, 500);
  };
  if (looks) setTimeout(look, 500);
}
