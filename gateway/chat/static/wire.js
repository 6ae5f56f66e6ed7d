// @ts-check
// The connection: a WebSocket where the network lets one through, else polling. It holds on for as long as the page
// lives, and after every interruption asks for what came after the last item and sends again what was not acknowledged.

import { converse } from "./socket.js";
import { poll } from "./polling.js";

/** @typedef {import("./types.js").Item} Item */
/** @typedef {import("./types.js").Outgoing} Outgoing */
/** @typedef {import("./types.js").Shop} Shop */

/**
 * @typedef {"connecting" | "online" | "waiting" | "offline"} Link
 *
 * @typedef {object} Desk            What the page gives the wire to work with.
 * @property {() => number} after                              id of the newest item, 0 for none
 * @property {() => Outgoing[]} waiting                        what is not acknowledged yet, oldest first
 * @property {(items: Item[], shop: Shop | undefined) => void} history
 * @property {(item: Item) => void} item
 * @property {(clientId: string, id: number | null, at?: string | null) => void} acknowledged   null: kept, its item comes
 * @property {(clientId: string | null, code: string, message: string) => void} refused
 * @property {() => Promise<void>} renew                       get a fresh visitor's cookie and forget the old one's items
 * @property {(link: Link) => void} link
 *
 * @typedef {object} Line            One live connection.
 * @property {() => void} flush                                send what waits and has not been sent over it yet
 * @property {() => void} probe                                is it still alive? closes it when it is not
 * @property {(id: number) => void} seen
 */

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
const POLL_BEFORE_SOCKET_MS = 30_000;

export class Wire {
  #desk;
  /** @type {Line | null} */
  #line = null;
  #wake = () => {};

  /** @param {Desk} desk */
  constructor(desk) {
    this.#desk = desk;
    addEventListener("online", () => {
      this.#desk.link(this.#line ? "online" : "waiting");
      this.hurry();
    });
    addEventListener("offline", () => this.#desk.link("offline"));
    addEventListener("pageshow", () => this.hurry());
    document.addEventListener("visibilitychange", () => document.hidden || this.hurry());
  }

  /** Connects, and connects again, for ever. */
  async run() {
    this.#desk.link("connecting");
    for (let misses = 0, socketMisses = 0; ; ) {
      const spoke = await converse(this.#desk, (line) => this.#open(line));
      this.#line = null;
      misses = spoke ? 0 : misses + 1;
      socketMisses = spoke ? 0 : socketMisses + 1;
      if (socketMisses >= 2 && navigator.onLine) {
        const polled = await poll(this.#desk, POLL_BEFORE_SOCKET_MS, (line) => this.#open(line));
        this.#line = null;
        if (polled) {
          misses = 0;
          continue;
        }
      }
      this.#desk.link(navigator.onLine ? "waiting" : "offline");
      await this.#pause(misses);
    }
  }

  /** Something was put into the outbox. */
  flush() {
    this.#line?.flush();
  }

  /** @param {number} id the newest item the customer has really had before their eyes */
  seen(id) {
    this.#line?.seen(id);
  }

  /** Do not wait any longer: the network is back, or somebody looks at the page again. */
  hurry() {
    this.#line?.probe();
    this.#wake();
  }

  /** @param {Line} line */
  #open(line) {
    this.#line = line;
    this.#desk.link("online");
    line.flush();
  }

  /** Longer after each miss, and never in step with the other pages that lost the same server. @param {number} misses */
  #pause(misses) {
    const ceiling = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** misses);
    const ms = ceiling / 2 + (Math.random() * ceiling) / 2;
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve(undefined);
      };
    });
  }
}
