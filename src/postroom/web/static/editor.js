// Editors of the team's files: what is wrong with a text, and what comes of it, as it is typed. Without it "Check" says the same.
"use strict";

const form = document.querySelector("form#editor");
if (form) {
  const PAUSE = 500;
  const fields = (...without) => { const all = new URLSearchParams(new FormData(form)); without.forEach((one) => all.delete(one)); return all; };
  const said = () => fields("with").toString();
  const begun = form.querySelector("[data-unsaved]") ? null : said(), list = document.getElementById("problems"), numbers = document.getElementById("numbers");
  let waiting = 0, asked = 0, leaving = false;

  // Number the lines as they are now; what is wrong with them is seen later.
  function number(area) {
    const count = area.value.split("\n").length;
    numbers.textContent = Array.from({ length: count }, (_, line) => `${line + 1}\n`).join("");
    area.rows = Math.max(count, 12) + 1;
  }

  // Where a line and column are in a text, to go there.
  function go({ field, line, column }) {
    const area = [...form.querySelectorAll("textarea[data-field]")].find((one) => one.dataset.field === field);
    if (!area) return;
    const lines = area.value.split("\n");
    const at = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0) + Number(column) - 1;
    area.focus();
    area.setSelectionRange(at, Math.max(at, at + ((lines[line - 1] || "").length - column + 1)));
  }

  function places() {
    for (const place of document.querySelectorAll("span.place")) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "place";
      button.append(...place.childNodes);
      button.addEventListener("click", () => go(place.dataset));
      place.replaceWith(button);
    }
  }

  // Those parts of a page that change as somebody types are taken from the page that "Check" gives.
  async function check() {
    const mine = ++asked;
    list?.setAttribute("aria-busy", "true");
    try {
      const body = fields("mail");
      body.set("do", "check");
      const answer = await fetch(form.action, { method: "POST", body, credentials: "same-origin" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (mine !== asked) return;
      if (!page.getElementById("editor")) throw new Error(answer.status);
      for (const part of document.querySelectorAll("[data-part]")) part.replaceChildren(...document.adoptNode(page.getElementById(part.id)).childNodes);
      places();
    } catch {
      if (mine === asked && list) {
        const told = document.createElement("p");
        told.className = "wrong";
        told.textContent = "No answer from postroom: it is checked again when you go on.";
        list.replaceChildren(told);
      }
    } finally {
      if (mine === asked) list?.removeAttribute("aria-busy");
    }
  }

  form.addEventListener("input", (event) => {
    if (event.target.closest("[data-quiet]")) return;
    if (numbers && event.target.dataset.field === "") number(event.target);
    clearTimeout(waiting);
    waiting = setTimeout(check, PAUSE);
  });
  form.addEventListener("submit", () => { leaving = true; setTimeout(() => { leaving = false; }, 2000); });
  addEventListener("beforeunload", (event) => { if (!leaving && said() !== begun) event.preventDefault(); });
  places();
  if (list && !list.querySelector(".problems,.chip")) check();

  // Whether what was saved is in force, until it is.
  const state = document.getElementById("state");
  let looks = location.search.includes("saved=1") && state?.querySelector(".warn") ? 10 : 0;
  const look = async () => {
    const page = new DOMParser().parseFromString(await (await fetch(location.href, { credentials: "same-origin" })).text(), "text/html");
    const now = page.getElementById("state");
    if (now) state.replaceChildren(...document.adoptNode(now).childNodes);
    if (--looks > 0 && state.querySelector(".warn")) setTimeout(look, 500);
  };
  if (looks) setTimeout(look, 500);
}
