// @ts-check
// <parley-composer>: where the customer writes and chooses files. It hands over a finished message, nothing else.

import { h, hidden, icon } from "./dom.js";
import { MOST_FILES } from "./tray.js";
import { words } from "./words.js";

/** @typedef {import("./tray.js").Tray} Tray */

/** As many characters as the server takes in one message. */
const LIMIT = 4000;
const WARN_FROM = 3600;
const TALLEST_PX = 160;

export class Composer extends HTMLElement {
  #field = /** @type {HTMLTextAreaElement} */ (
    h("textarea", {
      id: "field",
      rows: "1",
      placeholder: words.placeholder,
      "aria-label": words.placeholder,
      "aria-describedby": "hint",
      enterkeyhint: matchMedia("(pointer: coarse)").matches ? "enter" : "send",
      autocapitalize: "sentences",
    })
  );
  #send = /** @type {HTMLButtonElement} */ (
    h("button", { type: "submit", class: "round send", "aria-label": words.send, title: words.send }, icon("send"))
  );
  #chooser = /** @type {HTMLInputElement} */ (
    h("input", { type: "file", id: "files", class: "unseen", multiple: true, accept: "image/*,application/pdf" })
  );
  #tray = /** @type {Tray} */ (h("parley-tray"));
  #note = h("div", { class: "note", role: "status" });
  /** The customer has already pressed Send and waits for the uploads. */
  #eager = false;

  connectedCallback() {
    if (this.childElementCount > 0) return;
    const clip = h("label", { class: "round clip", for: "files", title: words.attach }, icon("clip"), hidden(words.attach));
    const line = h("div", { class: "line" }, this.#chooser, clip, this.#field, this.#send);
    const hint = h("span", { class: "unseen", id: "hint" }, words.sendHint);
    const form = h("form", { novalidate: true }, this.#tray, this.#note, line, hint);
    this.append(form);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#field.addEventListener("input", () => this.#changed());
    this.#field.addEventListener("keydown", (event) => this.#key(event));
    this.#field.addEventListener("paste", (event) => this.#take(event, event.clipboardData));
    this.#chooser.addEventListener("change", () => {
      this.attach([...(this.#chooser.files ?? [])]);
      this.#chooser.value = "";
    });
    this.addEventListener("parley-tray", () => {
      if (this.#eager && this.#tray.failed) this.#eager = false;
      if (this.#eager && this.#tray.ready) this.#submit();
      this.#changed();
    });
    this.#watchDrops();
    this.#changed();
  }

  /** @param {string} text */
  restore(text) {
    if (this.#field.value === "") this.#field.value = text;
    this.#changed();
  }

  /** Ready to write, where that does not throw a phone's keyboard over the conversation. */
  focus() {
    if (matchMedia("(pointer: fine)").matches) this.#field.focus({ preventScroll: true });
  }

  /** @param {File[]} files */
  attach(files) {
    const tooMany = this.#tray.count + files.length > MOST_FILES;
    this.#tray.add(files);
    if (tooMany) this.say(words.tooManyFiles);
    this.focus();
  }

  /** @param {string} text */
  say(text) {
    this.#note.textContent = text;
  }

  #submit() {
    const text = this.#field.value.trim();
    if ((text === "" && this.#tray.count === 0) || text.length > LIMIT || this.#tray.failed) return;
    if (!this.#tray.ready) {
      this.#eager = true;
      this.#changed();
      return;
    }
    this.#eager = false;
    this.#field.value = "";
    const files = this.#tray.take();
    this.#changed();
    this.dispatchEvent(new CustomEvent("parley-send", { bubbles: true, detail: { text, files } }));
  }

  /** Enter sends where there is a real keyboard; on a phone it makes a new line, as people expect. @param {KeyboardEvent} event */
  #key(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    if (matchMedia("(pointer: coarse)").matches && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.#submit();
  }

  #changed() {
    const length = this.#field.value.trim().length;
    this.#field.style.height = "auto";
    this.#field.style.height = `${Math.min(this.#field.scrollHeight, TALLEST_PX)}px`;
    this.#send.disabled = (length === 0 && this.#tray.count === 0) || length > LIMIT || this.#tray.failed;
    this.#send.classList.toggle("busy", this.#eager);
    this.#send.setAttribute("aria-busy", String(this.#eager));
    this.classList.toggle("over", length > LIMIT);
    this.say(length > LIMIT ? `${words.tooLong} (${length} / ${LIMIT})` : length > WARN_FROM ? `${length} / ${LIMIT}` : "");
    this.dispatchEvent(new CustomEvent("parley-draft", { bubbles: true, detail: this.#field.value }));
  }

  /** @param {Event} event @param {DataTransfer | null} data */
  #take(event, data) {
    const files = [...(data?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    this.attach(files);
  }

  #watchDrops() {
    const veil = h("div", { class: "veil", "aria-hidden": "true" }, h("span", {}, icon("clip"), words.drop));
    const withFiles = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files") ?? false;
    addEventListener("dragenter", (event) => withFiles(event) && document.body.append(veil));
    addEventListener("dragover", (event) => withFiles(event) && event.preventDefault());
    addEventListener("dragleave", (event) => event.relatedTarget === null && veil.remove());
    addEventListener("drop", (event) => {
      veil.remove();
      if (withFiles(event)) this.#take(event, event.dataTransfer);
    });
  }
}

customElements.define("parley-composer", Composer);
