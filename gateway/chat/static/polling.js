// @ts-check
// The same conversation over plain requests, for networks that let no WebSocket through.

import { frameOf } from "./socket.js";

/** @typedef {import("./wire.js").Desk} Desk */
/** @typedef {import("./wire.js").Line} Line */

const MESSAGES = new URL("../messages", import.meta.url);
const ITEMS = new URL("../items", import.meta.url);
const EVERY_MS = 2500;
const HIDDEN_EVERY_MS = 15_000;
const ANSWER_MS = 10_000;

/**
 * Polls for so long; false as soon as the server cannot be reached this way either.
 * @param {Desk} desk @param {number} forMs @param {(line: Line) => void} opened
 * @returns {Promise<boolean>}
 */
export async function poll(desk, forMs, opened) {
  const until = Date.now() + forMs;
  let open = false;
  let wake = () => {};
  const line = { flush: () => wake(), probe: () => wake(), seen() {} };
  for (;;) {
    try {
      if (open) await post(desk);
      await fetchItems(desk);
    } catch {
      return false;
    }
    if (!open) opened(line);
    const first = !open;
    open = true;
    if (first && desk.waiting().length > 0) continue;
    if (Date.now() > until) return true;
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, document.hidden ? HIDDEN_EVERY_MS : EVERY_MS);
      wake = () => {
        clearTimeout(timer);
        resolve(undefined);
      };
    });
  }
}

/** @param {Desk} desk */
async function fetchItems(desk) {
  const url = new URL(ITEMS);
  url.searchParams.set("after", String(desk.after()));
  const answer = await request(url, { cache: "no-store" });
  if (answer.status === 401) {
    await desk.renew();
    return;
  }
  if (!answer.ok) throw new Error(`items: ${answer.status}`);
  const { items, shop } = await answer.json();
  desk.history(items, shop);
}

/** Everything that waits, oldest first; a refusal settles one message, a broken line stops the round. @param {Desk} desk */
async function post(desk) {
  for (const message of desk.waiting()) {
    const { type: _, ...body } = frameOf(message);
    const answer = await request(MESSAGES, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    if (answer.ok) {
      const { item, at } = await answer.json();
      desk.acknowledged(message.id, item, at);
    } else if (answer.status >= 400 && answer.status < 500 && answer.status !== 401) {
      const { error } = await answer.json().catch(() => ({ error: {} }));
      desk.refused(message.id, error?.code ?? "unknown", error?.message ?? "");
    } else {
      throw new Error(`messages: ${answer.status}`);
    }
  }
}

/** @param {URL} url @param {RequestInit} init */
function request(url, init) {
  return fetch(url, { credentials: "same-origin", signal: AbortSignal.timeout(ANSWER_MS), ...init });
}
