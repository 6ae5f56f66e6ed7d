// @ts-check
// <parley-chat>: joins the conversation, the wire and what is drawn. Every change is: data first, then draw.

import "./composer.js";
import { Conversation } from "./conversation.js";
import { h, icon } from "./dom.js";
import { isEmbedded, isVisible, leave, paint, tell, watch } from "./frame.js";
import { newId } from "./ids.js";
import "./log.js";
import { Outbox } from "./outbox.js";
import "./strip.js";
import "./tray.js";
import { fitAboveKeyboard } from "./viewport.js";
import { Wire } from "./wire.js";
import { explain, words } from "./words.js";

/** @typedef {import("./types.js").Item} Item */
/** @typedef {import("./types.js").Shop} Shop */

class Chat extends HTMLElement {
  #outbox = new Outbox(Date.now());
  #conversation = new Conversation(this.#outbox);
  #log = /** @type {import("./log.js").Log} */ (h("parley-log"));
  #strip = /** @type {import("./strip.js").Strip} */ (h("parley-strip"));
  #composer = /** @type {import("./composer.js").Composer} */ (h("parley-composer"));
  #wire = new Wire({
    after: () => this.#conversation.last,
    waiting: () => this.#outbox.waiting,
    history: (items, shop) => this.#history(items, shop),
    item: (item) => this.#news([item]),
    acknowledged: (clientId, id, at) => this.#change(() => this.#conversation.acknowledge(clientId, id, at)),
    refused: (clientId, code, message) => this.#refused(clientId, code, message),
    renew: () => this.#renew(),
    link: (link) => this.#strip.draw(link),
  });
  #known = false;
  #title = document.title;

  connectedCallback() {
    if (this.childElementCount > 0) return;
    this.append(this.#header(), this.#strip, this.#log, this.#composer);
    this.#log.greet({ name: this.dataset.shop || words.title });
    this.#composer.restore(this.#outbox.draft);
    this.addEventListener("parley-send", (event) => this.#send(/** @type {CustomEvent} */ (event).detail));
    this.addEventListener("parley-press", (event) => this.#press(/** @type {CustomEvent} */ (event).detail));
    this.addEventListener("parley-retry", (event) => this.#retry(/** @type {CustomEvent} */ (event).detail));
    this.addEventListener("parley-remove", (event) => this.#remove(/** @type {CustomEvent} */ (event).detail));
    this.addEventListener("parley-draft", (event) => (this.#outbox.draft = /** @type {CustomEvent} */ (event).detail));
    this.addEventListener("parley-hurry", () => this.#wire.hurry());
    this.addEventListener("parley-end", () => this.#look());
    watch((visible) => visible && this.#shown());
    this.#draw();
    if (!isEmbedded) this.#composer.focus();
    void this.#wire.run();
  }

  #header() {
    const name = this.dataset.shop || words.title;
    return h(
      "header",
      {},
      h("div", { class: "crest", "aria-hidden": "true" }, [...name.trim()][0]?.toLocaleUpperCase() ?? ""),
      h("div", { class: "who" }, h("h1", { dir: "auto" }, name), h("p", {}, words.subtitle)),
      isEmbedded && h("button", { type: "button", class: "round", "aria-label": words.minimise, onclick: leave }, icon("close")),
    );
  }

  /** @param {Item[]} items @param {Shop | undefined} shop */
  #history(items, shop) {
    if (shop) this.#log.greet(shop);
    if (this.#known) this.#news(items);
    else this.#change(() => items.forEach((item) => this.#conversation.take(item)));
    if (!this.#known) requestAnimationFrame(() => this.#log.announce());
    this.#known = true;
    this.#look();
  }

  /** @param {Item[]} items */
  #news(items) {
    const fresh = items.filter((item) => this.#conversation.take(item));
    this.#draw();
    if (fresh.some((item) => item.from !== "customer")) this.#log.nudge();
    this.#look();
  }

  /** @param {{text: string, files: import("./uploads.js").Stored[]}} written */
  #send({ text, files }) {
    const media = files.map(({ url, kind, name }) => ({ url, kind, name }));
    this.#post({ text, media, files: files.map((file) => file.id) });
  }

  /** @param {{data: string, label: string}} button */
  #press({ data, label }) {
    this.#post({ text: label, button: data, media: [] });
    this.#composer.focus();
  }

  /** @param {{text: string, media: import("./types.js").Media[], button?: string, files?: string[]}} message */
  #post(message) {
    this.#change(() => this.#outbox.put({ ...message, id: newId(), at: Date.now() }));
    this.#log.toEnd();
    this.#wire.flush();
  }

  /** @param {string} id */
  #retry(id) {
    const message = this.#outbox.get(id);
    if (message === undefined) return;
    const { failed: _, ...again } = message;
    this.#change(() => this.#outbox.put({ ...again, at: Date.now() }));
    this.#wire.flush();
  }

  /** @param {string} id */
  #remove(id) {
    this.#change(() => this.#outbox.remove(id));
    this.#composer.focus();
  }

  /** @param {string | null} clientId @param {string} code @param {string} message */
  #refused(clientId, code, message) {
    const ours = clientId === null ? undefined : this.#outbox.get(clientId);
    if (ours === undefined) this.#composer.say(explain(code, message));
    else this.#change(() => this.#outbox.put({ ...ours, failed: explain(code, message) }));
  }

  async #renew() {
    try {
      await fetch(location.href, { credentials: "same-origin", cache: "no-store" });
    } catch {
      return;
    }
    this.#change(() => this.#conversation.forget());
    this.#outbox.seen = 0;
  }

  #shown() {
    this.#look();
    if (isEmbedded) this.#composer.focus();
  }

  /** What the customer has really had before their eyes is told to the server; what they have not is counted. */
  #look() {
    const unseen = this.#conversation.heardAfter(this.#outbox.seen);
    const unread = isVisible() ? 0 : unseen.length;
    document.title = unread > 0 ? `(${unread}) ${this.#title}` : this.#title;
    tell({ parley: "unread", count: unread });
    if (!isVisible() || !this.#log.following || unseen.length === 0) return;
    this.#outbox.seen = unseen[unseen.length - 1];
    this.#wire.seen(this.#outbox.seen);
  }

  /** @param {() => void} act */
  #change(act) {
    act();
    this.#draw();
  }

  #draw() {
    this.#log.draw(this.#conversation.rows);
    this.classList.toggle("empty", this.#conversation.empty);
  }
}

paint();
fitAboveKeyboard();
customElements.define("parley-chat", Chat);
