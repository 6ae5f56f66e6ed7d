// @ts-check
// <parley-bubble>: one message. What was said is drawn once; what changes (ticks, chips, grouping) is touched alone,
// so that a screen reader is not made to read a message twice.

import { h, hidden, icon } from "./dom.js";
import { linked } from "./links.js";
import { attachments } from "./media.js";
import { exactly, timeOf } from "./times.js";
import { words } from "./words.js";

/** @typedef {import("./types.js").Row} Row */

const LONG_TEXT = 1400;
const LONG_LINES = 22;

export class Bubble extends HTMLElement {
  #said = "";
  #shown = "";
  #face = h("div", { class: "face", "aria-hidden": "true" });
  #name = h("div", { class: "name" });
  #body = h("div", { class: "body" });
  #chips = h("div", { class: "chips" });
  #foot = h("div", { class: "foot" });

  connectedCallback() {
    if (this.childElementCount > 0) return;
    this.append(this.#face, h("div", { class: "stack" }, this.#name, this.#body, this.#chips, this.#foot));
  }

  /** @param {Row} row */
  draw(row) {
    const said = JSON.stringify([row.text, row.media, row.buttons, row.from, row.name]);
    if (said !== this.#said) this.#say(row);
    this.#said = said;
    const shown = JSON.stringify([row.status, row.problem, row.live, row.chosen, row.first, row.last]);
    if (shown !== this.#shown) this.#show(row);
    this.#shown = shown;
  }

  /** @param {Row} row */
  #say(row) {
    this.#shown = "";
    this.dataset.from = row.from;
    this.#face.replaceChildren(row.from === "bot" ? icon("bot") : initials(row.name || words.manager));
    this.#name.replaceChildren(...speaker(row));
    this.#body.replaceChildren(...(row.media.length > 0 ? [attachments(row.media)] : []), ...paragraph(row.text));
    this.#body.classList.toggle("bare", row.text === "" && row.media.length > 0);
    this.#body.classList.toggle("pictured", row.media.some((one) => one.kind === "photo"));
    this.#chips.replaceChildren(...row.buttons.map((button) => chip(button, row)));
    if (row.buttons.length > 0) {
      this.#chips.setAttribute("role", "group");
      this.#chips.setAttribute("aria-label", words.options);
    }
  }

  /** @param {Row} row */
  #show(row) {
    this.dataset.status = row.status;
    this.classList.toggle("first", row.first);
    this.classList.toggle("last", row.last);
    for (const button of this.#chips.querySelectorAll("button")) {
      const chosen = button.dataset.data === row.chosen && row.chosen !== "";
      button.disabled = !row.live;
      button.classList.toggle("chosen", chosen);
      if (chosen) button.setAttribute("aria-label", `${button.textContent}, ${words.chosen}`);
      else button.removeAttribute("aria-label");
    }
    this.#foot.replaceChildren(...(row.status === "failed" ? this.#troubles(row) : footing(row)));
  }

  /** @param {Row} row */
  #troubles(row) {
    const ask = (/** @type {string} */ what) => () =>
      this.dispatchEvent(new CustomEvent(what, { bubbles: true, detail: row.key }));
    return [
      icon("alert"),
      h("span", { class: "problem" }, row.problem || words.failed),
      h("button", { type: "button", class: "plain", onclick: ask("parley-retry") }, words.retry),
      h("button", { type: "button", class: "plain quiet", onclick: ask("parley-remove") }, words.remove),
    ];
  }
}

/** @param {Row} row */
function speaker(row) {
  switch (row.from) {
    case "customer":
      return [hidden(`${words.you}: `)];
    case "bot":
      return [row.name || words.bot, h("span", { class: "mark" }, words.botMark)];
    default:
      return [row.name || words.manager];
  }
}

/** @param {string} name */
function initials(name) {
  const letters = name
    .split(/\s+/u)
    .filter(Boolean)
    .slice(0, 2)
    .map((word) => [...word][0]);
  return letters.join("").toLocaleUpperCase();
}

/** @param {string} text */
function paragraph(text) {
  if (text === "") return [];
  const lines = h("div", { class: "text", dir: "auto" }, ...linked(text));
  if (text.length < LONG_TEXT && text.split("\n").length < LONG_LINES) return [lines];
  lines.classList.add("folded");
  const toggle = h("button", { type: "button", class: "plain more", "aria-expanded": "false" }, words.more);
  toggle.addEventListener("click", () => {
    const folded = lines.classList.toggle("folded");
    toggle.textContent = folded ? words.more : words.less;
    toggle.setAttribute("aria-expanded", String(!folded));
  });
  return [lines, toggle];
}

/** @param {import("./types.js").Button} button @param {Row} row */
function chip(button, row) {
  const press = (/** @type {Event} */ event) =>
    event.currentTarget?.dispatchEvent(
      new CustomEvent("parley-press", { bubbles: true, detail: { ...button, item: row.id } }),
    );
  return h("button", { type: "button", class: "chip", "data-data": button.data, onclick: press }, button.label);
}

/** @param {Row} row */
function footing(row) {
  const time = h("time", { datetime: row.at.toISOString(), title: exactly(row.at) }, timeOf(row.at));
  if (row.from !== "customer") return [time];
  const tick = { pending: ["clock", words.pending], read: ["checks", words.read], sent: ["check", words.sent] };
  const [name, label] = tick[/** @type {keyof typeof tick} */ (row.status)];
  return [time, icon(name, label)];
}

customElements.define("parley-bubble", Bubble);
