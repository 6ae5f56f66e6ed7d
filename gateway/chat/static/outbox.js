// @ts-check
// What the customer has sent and the server has not acknowledged: kept across reloads, one storage entry a message,
// so that two open tabs never overwrite each other's.

/** @typedef {import("./types.js").Outgoing} Outgoing */

const PREFIX = "parley:out:";
const KEEP_MS = 3 * 24 * 3600 * 1000;

/** localStorage, or a stand-in for this page's life where the browser forbids it. @returns {Storage | MemoryStorage} */
function storage() {
  try {
    localStorage.setItem("parley:probe", "1");
    localStorage.removeItem("parley:probe");
    return localStorage;
  } catch {
    return new MemoryStorage();
  }
}

class MemoryStorage {
  #kept = new Map();
  get length() {
    return this.#kept.size;
  }
  /** @param {number} index */
  key(index) {
    return [...this.#kept.keys()][index] ?? null;
  }
  /** @param {string} key @returns {string | null} */
  getItem(key) {
    return this.#kept.get(key) ?? null;
  }
  /** @param {string} key @param {string} value */
  setItem(key, value) {
    this.#kept.set(key, value);
  }
  /** @param {string} key */
  removeItem(key) {
    this.#kept.delete(key);
  }
}

export class Outbox {
  #storage = storage();
  /** @type {Map<string, Outgoing>} */
  #messages = new Map();

  /** @param {number} now ms */
  constructor(now) {
    for (let index = this.#storage.length - 1; index >= 0; index -= 1) {
      const key = this.#storage.key(index);
      if (!key?.startsWith(PREFIX)) continue;
      const message = read(this.#storage.getItem(key));
      if (message === null || now - message.at > KEEP_MS) this.#storage.removeItem(key);
      else this.#messages.set(message.id, message);
    }
  }

  /** In the order they were written. */
  get messages() {
    return [...this.#messages.values()].sort((a, b) => a.at - b.at);
  }

  /** Those to send as soon as there is a connection. */
  get waiting() {
    return this.messages.filter((message) => message.failed === undefined && !message.kept);
  }

  /** @param {Outgoing} message */
  put(message) {
    this.#messages.set(message.id, message);
    try {
      this.#storage.setItem(PREFIX + message.id, JSON.stringify(message));
    } catch {
      // Storage is full: the message still lives as long as this page does.
    }
  }

  /** @param {string} id */
  get(id) {
    return this.#messages.get(id);
  }

  /** @param {string} id */
  remove(id) {
    this.#storage.removeItem(PREFIX + id);
    return this.#messages.delete(id);
  }

  /** Id of the newest thing of the shop's that was really before the customer's eyes. */
  get seen() {
    return Number(this.#storage.getItem("parley:seen") ?? 0) || 0;
  }

  set seen(id) {
    this.#keep("parley:seen", id === 0 ? "" : String(id));
  }

  get draft() {
    return this.#storage.getItem("parley:draft") ?? "";
  }

  set draft(text) {
    this.#keep("parley:draft", text);
  }

  /** Conveniences: what does not fit into a full storage is forgotten. @param {string} key @param {string} value */
  #keep(key, value) {
    try {
      if (value === "") this.#storage.removeItem(key);
      else this.#storage.setItem(key, value);
    } catch {
      this.#storage.removeItem(key);
    }
  }
}

/** @param {string | null} json @returns {Outgoing | null} */
function read(json) {
  try {
    const message = JSON.parse(json ?? "null");
    const usable = typeof message?.id === "string" && typeof message.text === "string" && Array.isArray(message.media);
    return usable ? message : null;
  } catch {
    return null;
  }
}
