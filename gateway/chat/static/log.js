// @ts-check
// <parley-log>: the bubbles in order, with the days between them. Nodes are kept by key, so a message that was pending
// stays the same element when it is acknowledged; the reader's place in the text is never taken away.

import "./bubble.js";
import { h, icon } from "./dom.js";
import { dayKey, dayOf } from "./times.js";
import { words } from "./words.js";

/** @typedef {import("./types.js").Row} Row */
/** @typedef {import("./types.js").Shop} Shop */
/** @typedef {import("./bubble.js").Bubble} Bubble */

const NEAR_END_PX = 80;

export class Log extends HTMLElement {
  /** @type {Map<string, HTMLElement>} */
  #nodes = new Map();
  #list = h("div", { class: "list", role: "log", "aria-live": "off", "aria-label": words.log });
  #welcome = h("div", { class: "welcome" });
  #newer = h("button", { type: "button", class: "newer", hidden: true, "aria-label": words.newer }, icon("down"));
  #following = true;

  connectedCallback() {
    if (this.childElementCount > 0) return;
    this.append(h("div", { class: "scroller", tabindex: "0" }, this.#welcome, this.#list), this.#newer);
    this.#newer.addEventListener("click", () => this.toEnd(true));
    this.#scroller.addEventListener("scroll", () => this.#look(), { passive: true });
    this.#list.addEventListener("parley-grown", () => this.#following && this.toEnd());
    new ResizeObserver(() => this.#following && this.toEnd()).observe(this.#scroller);
  }

  get #scroller() {
    return /** @type {HTMLElement} */ (this.firstElementChild);
  }

  /** The end of the conversation is in view. */
  get following() {
    return this.#following;
  }

  /** @param {Shop} shop */
  greet(shop) {
    const letter = [...shop.name.trim()][0]?.toLocaleUpperCase() ?? "";
    this.#welcome.replaceChildren(
      h("div", { class: "crest", "aria-hidden": "true" }, letter),
      h("p", { class: "greeting", dir: "auto" }, shop.greeting || words.subtitle),
    );
  }

  /** From now on a screen reader hears what is new. */
  announce() {
    this.#list.setAttribute("aria-live", "polite");
  }

  /** @param {Row[]} rows */
  draw(rows) {
    const now = new Date();
    /** @type {HTMLElement[]} */
    const wanted = [];
    const used = new Set();
    let day = "";
    for (const row of rows) {
      const key = dayKey(row.at);
      if (key !== day) wanted.push(this.#keyed(used, `day-${key}`, () => h("div", { class: "day" }), dayOf(row.at, now)));
      day = key;
      const bubble = /** @type {Bubble} */ (this.#keyed(used, row.key, () => h("parley-bubble")));
      bubble.draw(row);
      wanted.push(bubble);
    }
    for (const [key, node] of this.#nodes) {
      if (used.has(key)) continue;
      node.remove();
      this.#nodes.delete(key);
    }
    wanted.forEach((node, index) => {
      const there = this.#list.children[index];
      if (there !== node) this.#list.insertBefore(node, there ?? null);
    });
    if (this.#following) this.toEnd();
    else this.#look();
  }

  /** @param {boolean} [gently] */
  toEnd(gently = false) {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.#scroller.scrollTo({ top: this.#scroller.scrollHeight, behavior: gently && !calm ? "smooth" : "instant" });
  }

  /** @param {Set<string>} used @param {string} key @param {() => HTMLElement} make @param {string} [text] */
  #keyed(used, key, make, text) {
    used.add(key);
    const node = this.#nodes.get(key) ?? make();
    if (text !== undefined && node.textContent !== text) node.textContent = text;
    this.#nodes.set(key, node);
    return node;
  }

  #look() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    const near = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
    const came = near && !this.#following;
    this.#following = near;
    this.#newer.hidden = near;
    if (came) this.dispatchEvent(new CustomEvent("parley-end", { bubbles: true }));
  }

  /** Something new came while the reader is further up. */
  nudge() {
    this.#newer.classList.toggle("fresh", !this.#following);
  }
}

customElements.define("parley-log", Log);
