// @ts-check
// <parley-strip>: what the customer should know about the connection, and nothing while all is well.

import { h } from "./dom.js";
import { words } from "./words.js";

/** A connection that comes within this time was never worth a word. */
const PATIENCE_MS = 1200;
const GOOD_NEWS_MS = 1800;

export class Strip extends HTMLElement {
  #timer = 0;
  #worried = false;
  /** @type {import("./wire.js").Link | ""} */
  #link = "";

  connectedCallback() {
    this.setAttribute("role", "status");
  }

  /** @param {import("./wire.js").Link} link */
  draw(link) {
    if (link === this.#link) return;
    const first = this.#link === "online" || this.#link === "";
    this.#link = link;
    if (link === "online") {
      clearTimeout(this.#timer);
      if (this.#worried) this.#say(words.back, "good");
      this.#worried = false;
      this.#timer = setTimeout(() => this.#hush(), GOOD_NEWS_MS);
    } else if (this.#worried || link === "offline") {
      this.#speak();
    } else if (first) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#speak(), PATIENCE_MS);
    }
  }

  #speak() {
    clearTimeout(this.#timer);
    if (this.#link === "" || this.#link === "online") return;
    this.#worried = true;
    this.#say(words[this.#link], this.#link, this.#link === "waiting");
  }

  /** @param {string} text @param {string} mood @param {boolean} [hurry] offer not to wait */
  #say(text, mood, hurry = false) {
    if (this.dataset.mood === mood) return;
    this.dataset.mood = mood;
    const press = () => this.dispatchEvent(new CustomEvent("parley-hurry", { bubbles: true }));
    this.replaceChildren(
      h("span", { class: "dot", "aria-hidden": "true" }),
      h("span", {}, text),
      ...(hurry ? [h("button", { type: "button", class: "plain", onclick: press }, words.now)] : []),
    );
  }

  #hush() {
    delete this.dataset.mood;
    this.replaceChildren();
  }
}

customElements.define("parley-strip", Strip);
