// @ts-check
// <parley-tray>: the files chosen for the next message, each with its preview, its progress and a way out.

import { h, icon } from "./dom.js";
import { newId } from "./ids.js";
import { Refused, upload } from "./uploads.js";
import { explain, words } from "./words.js";

/** @typedef {import("./uploads.js").Stored} Stored */
/** @typedef {{file: File, id: string, node: HTMLElement, preview: string, stop: AbortController, stored: Stored | null, failed: boolean}} Tile */

export const MOST_FILES = 10;

export class Tray extends HTMLElement {
  /** @type {Tile[]} */
  #tiles = [];

  connectedCallback() {
    this.setAttribute("role", "list");
    this.setAttribute("aria-live", "polite");
    this.hidden = true;
  }

  get count() {
    return this.#tiles.length;
  }

  /** All that is chosen is stored. */
  get ready() {
    return this.#tiles.every((tile) => tile.stored !== null);
  }

  get failed() {
    return this.#tiles.some((tile) => tile.failed);
  }

  /** @param {File[]} files */
  add(files) {
    for (const file of files.slice(0, MOST_FILES - this.count)) {
      const preview = file.type.startsWith("image/") ? URL.createObjectURL(file) : "";
      const node = h("div", { class: "tile", role: "listitem" });
      const tile = { file, id: newId(), node, preview, stop: new AbortController(), stored: null, failed: false };
      this.#tiles.push(tile);
      this.append(node);
      void this.#send(tile);
    }
    this.#changed();
  }

  /** Empties itself and hands over what is stored. @returns {Stored[]} */
  take() {
    const stored = this.#tiles.flatMap((tile) => (tile.stored === null ? [] : [tile.stored]));
    for (const tile of [...this.#tiles]) this.#remove(tile);
    return stored;
  }

  /** @param {Tile} tile */
  async #send(tile) {
    tile.failed = false;
    const bar = h("progress", { max: "1", value: "0", "aria-label": words.uploading });
    this.#face(tile, bar);
    try {
      tile.stored = await upload(tile.file, tile.id, (share) => bar.setAttribute("value", String(share)), tile.stop.signal);
      this.#face(tile, null);
    } catch (error) {
      tile.failed = true;
      const reason = error instanceof Refused ? explain(error.code, error.message) : words.errors.unknown;
      const again = () => this.#send(tile);
      this.#face(
        tile,
        h(
          "button",
          { type: "button", class: "again", title: reason, onclick: again },
          icon("retry", words.retryUpload),
          h("span", { class: "unseen" }, reason),
        ),
        reason,
      );
    }
    this.#changed();
  }

  /** @param {Tile} tile @param {HTMLElement | null} over @param {string} [problem] */
  #face(tile, over, problem = "") {
    tile.node.classList.toggle("failed", problem !== "");
    const picture = tile.preview
      ? h("img", { src: tile.preview, alt: tile.file.name })
      : h("span", { class: "paper" }, icon("file"));
    picture.addEventListener("error", () => picture.replaceWith(h("span", { class: "paper" }, icon("file"))));
    const label = `${words.detach}: ${tile.file.name}`;
    tile.node.replaceChildren(
      picture,
      h("span", { class: "title", dir: "auto" }, problem || tile.file.name),
      ...(over ? [over] : []),
      h("button", { type: "button", class: "off", "aria-label": label, onclick: () => this.#drop(tile) }, icon("close")),
    );
  }

  /** @param {Tile} tile */
  #drop(tile) {
    this.#remove(tile);
    this.#changed();
  }

  /** @param {Tile} tile */
  #remove(tile) {
    tile.stop.abort();
    if (tile.preview) URL.revokeObjectURL(tile.preview);
    tile.node.remove();
    this.#tiles = this.#tiles.filter((other) => other !== tile);
    this.hidden = this.#tiles.length === 0;
  }

  #changed() {
    this.hidden = this.#tiles.length === 0;
    this.dispatchEvent(new CustomEvent("parley-tray", { bubbles: true }));
  }
}

customElements.define("parley-tray", Tray);
