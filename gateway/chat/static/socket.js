// @ts-check
// One WebSocket from hello to close. A line that is open but dead (a phone that changed networks) is found out by
// what it fails to answer, and closed.

/** @typedef {import("./wire.js").Desk} Desk */
/** @typedef {import("./wire.js").Line} Line */

const ANSWER_MS = 10_000;
const QUIET_MS = 45_000;
const ATTEMPTS = 5;
/** Close code: the visitor's cookie is not (or no longer) good. */
const STRANGER = 4401;

/** How often each message has gone out without an answer; a message nobody can take must not cut the line for ever. */
const attempts = new Map();

/** Where the socket is. */
function address() {
  const url = new URL("../socket", import.meta.url);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url;
}

/**
 * Talks until the socket closes; true if the server had said anything at all.
 * @param {Desk} desk @param {(line: Line) => void} opened
 * @returns {Promise<boolean>}
 */
export function converse(desk, opened) {
  return new Promise((resolve) => {
    const socket = new WebSocket(address());
    /** @type {Map<string, number>} */
    const unanswered = new Map();
    let spoke = false;
    let heardAt = Date.now();
    /** Since when the server owes us a word; null while it does not. @type {number | null} */
    let owedSince = Date.now();
    let open = false;

    const send = (/** @type {object} */ frame) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
    };
    const hello = () => {
      owedSince ??= Date.now();
      send({ type: "hello", after: desk.after() });
    };
    const line = {
      flush() {
        for (const message of desk.waiting()) {
          if (unanswered.has(message.id)) continue;
          unanswered.set(message.id, Date.now());
          attempts.set(message.id, (attempts.get(message.id) ?? 0) + 1);
          send(frameOf(message));
        }
      },
      probe: hello,
      seen(/** @type {number} */ id) {
        send({ type: "seen", id });
      },
    };
    const answered = (/** @type {string} */ id) => {
      unanswered.delete(id);
      attempts.delete(id);
    };

    const watch = setInterval(() => {
      const now = Date.now();
      const overdue = [...unanswered].filter(([, at]) => now - at > ANSWER_MS);
      for (const [id] of overdue) {
        if (attempts.get(id) < ATTEMPTS) continue;
        answered(id);
        desk.refused(id, "unknown", "");
      }
      const silent = owedSince !== null && now - owedSince > ANSWER_MS;
      if (overdue.length > 0 || silent) drop();
      else if (now - heardAt > QUIET_MS && !document.hidden) hello();
    }, 1000);

    const finish = async (/** @type {CloseEvent | null} */ event) => {
      clearInterval(watch);
      socket.onopen = socket.onmessage = socket.onclose = null;
      if (event?.code === STRANGER) await desk.renew();
      resolve(spoke);
    };
    /** A dead network never says goodbye: do not wait for it. */
    const drop = () => {
      socket.close();
      void finish(null);
    };

    socket.onopen = hello;
    socket.onclose = finish;
    socket.onmessage = (event) => {
      heardAt = Date.now();
      owedSince = null;
      const frame = parsed(event.data);
      switch (frame?.type) {
        case "history":
          spoke = true;
          for (const item of frame.items) if (item.client_id !== null) answered(item.client_id);
          desk.history(frame.items, frame.shop);
          if (!open) opened(line);
          open = true;
          break;
        case "item":
          if (frame.item.client_id !== null) answered(frame.item.client_id);
          desk.item(frame.item);
          break;
        case "ack":
          answered(frame.id);
          desk.acknowledged(frame.id, frame.item, frame.at);
          break;
        case "error":
          if (frame.id) answered(frame.id);
          desk.refused(frame.id, frame.code, frame.message);
          break;
        default: // A newer server may know more than this page.
      }
    };
  });
}

/** @param {unknown} data */
function parsed(data) {
  try {
    return JSON.parse(String(data));
  } catch {
    return null;
  }
}

/** @param {import("./types.js").Outgoing} message */
export function frameOf({ id, text, button, files }) {
  return { type: "message", id, text, ...(button && { button }), ...(files?.length && { files }) };
}
