// @ts-check
// The conversation as data: what the server keeps plus what is still on its way. It knows no page and no network;
// everything drawn is computed from here.

import { instant, dayKey } from "./times.js";

/** @typedef {import("./types.js").Item} Item */
/** @typedef {import("./types.js").Row} Row */
/** @typedef {import("./outbox.js").Outbox} Outbox */

const GROUP_MS = 5 * 60 * 1000;

export class Conversation {
  /** @type {Map<number, Item>} */
  #items = new Map();
  #outbox;

  /** @param {Outbox} outbox */
  constructor(outbox) {
    this.#outbox = outbox;
  }

  /** Id of the newest item; 0 where there is none. */
  get last() {
    return this.#ordered.at(-1)?.id ?? 0;
  }

  get #ordered() {
    return [...this.#items.values()].sort(inOrder);
  }

  get empty() {
    return this.#items.size === 0 && this.#outbox.messages.length === 0;
  }

  /** Ids of what the shop has said after item `id`. @param {number} id */
  heardAfter(id) {
    const ordered = this.#ordered;
    const known = ordered.findIndex((item) => item.id === id);
    const later = known < 0 ? ordered.filter((item) => item.id > id) : ordered.slice(known + 1);
    return later.filter((item) => item.from !== "customer").map((item) => item.id);
  }

  /**
   * Takes an item in, or its newer state; says whether it had not been there.
   * @param {Item} item
   */
  take(item) {
    const known = this.#items.has(item.id);
    this.#items.set(item.id, item);
    if (item.client_id !== null) this.#outbox.remove(item.client_id);
    return !known;
  }

  /**
   * The server has `clientId`, as item `id` said at `at`: what was pending becomes part of the conversation. Where it
   * has no place there yet, it is safe all the same, and waits for its item.
   * @param {string} clientId @param {number | null} id @param {string | null} [at]
   */
  acknowledge(clientId, id, at) {
    const message = this.#outbox.get(clientId);
    if (id === null) {
      if (message !== undefined) this.#outbox.put({ ...message, kept: true });
      return;
    }
    this.#outbox.remove(clientId);
    if (message === undefined || this.#items.has(id)) return;
    this.#items.set(id, {
      id,
      at: at ?? new Date(message.at).toISOString(),
      from: "customer",
      name: null,
      text: message.text,
      buttons: [],
      media: message.media,
      client_id: clientId,
      status: "sent",
    });
  }

  /** Another visitor's page now (the session was renewed): nothing of the old one stays. */
  forget() {
    this.#items.clear();
    for (const message of this.#outbox.messages) if (message.kept) this.#outbox.remove(message.id);
  }

  /** Every bubble, oldest first; what is on its way comes last. @returns {Row[]} */
  get rows() {
    const rows = [
      ...this.#ordered.map(kept),
      ...this.#outbox.messages.map(onItsWay),
    ];
    markQuestions(rows);
    markGroups(rows);
    return rows;
  }
}

/** As things were said; of one moment, by id: servers side by side give out ids in blocks. @param {Item} a @param {Item} b */
function inOrder(a, b) {
  return instant(a.at).getTime() - instant(b.at).getTime() || a.id - b.id;
}

/** @param {Item} item @returns {Row} */
function kept(item) {
  return {
    key: item.client_id ?? `item-${item.id}`,
    id: item.id,
    at: instant(item.at),
    from: item.from,
    name: item.name ?? "",
    text: item.text,
    buttons: item.buttons,
    media: item.media,
    status: item.status === "read" || item.status === "failed" ? item.status : "sent",
    problem: "",
    ...undecided,
  };
}

/** @param {import("./types.js").Outgoing} message @returns {Row} */
function onItsWay(message) {
  return {
    key: message.id,
    id: 0,
    at: new Date(message.at),
    from: "customer",
    name: "",
    text: message.text,
    buttons: [],
    media: message.media,
    status: message.failed !== undefined ? "failed" : message.kept ? "sent" : "pending",
    problem: message.failed ?? "",
    ...undecided,
  };
}

const undecided = { live: false, chosen: "", first: false, last: false };

/**
 * Only the newest question can be answered by its buttons, and only until it is: by a press, or by words that the shop
 * has already replied to.
 * @param {Row[]} rows
 */
function markQuestions(rows) {
  let newest = true;
  let end = rows.length;
  for (let index = rows.length - 1; index >= 0; index -= 1) {
    const row = rows[index];
    if (row.buttons.length === 0) continue;
    const after = rows.slice(index + 1, end);
    const answers = after.filter((later) => later.from === "customer");
    const press = row.buttons.find((button) => answers.some((answer) => answer.text === button.label));
    row.chosen = press?.data ?? "";
    const spoken = after.findIndex((later) => later.from === "customer");
    const replied = spoken >= 0 && after.slice(spoken).some((later) => later.from !== "customer");
    row.live = newest && row.chosen === "" && !replied;
    newest = false;
    end = index;
  }
}

/** Neighbours of one speaker within five minutes stand together: one name above, one time below. @param {Row[]} rows */
function markGroups(rows) {
  rows.forEach((row, index) => {
    row.first = index === 0 || !together(rows[index - 1], row);
    row.last = index === rows.length - 1 || !together(row, rows[index + 1]);
  });
}

/** @param {Row} a @param {Row} b */
function together(a, b) {
  const near = Math.abs(b.at.getTime() - a.at.getTime()) < GROUP_MS && dayKey(a.at) === dayKey(b.at);
  return near && a.from === b.from && a.name === b.name && a.status !== "failed" && b.status !== "failed";
}
