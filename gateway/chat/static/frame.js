// @ts-check
// The page inside a shop's page: it tells the widget about unread messages, and hears when it is shown or hidden.
// Nothing of the conversation crosses the frame.

const embedded = new URLSearchParams(location.search).has("embed") && window.parent !== window;
let shown = !embedded;

export const isEmbedded = embedded;

/** Somebody can see the conversation now. */
export const isVisible = () => shown && !document.hidden;

/** @param {(visible: boolean) => void} changed */
export function watch(changed) {
  document.addEventListener("visibilitychange", () => changed(isVisible()));
  if (!embedded) return;
  addEventListener("message", (event) => {
    if (event.source !== window.parent) return;
    if (event.data?.parley === "shown") shown = true;
    else if (event.data?.parley === "hidden") shown = false;
    else return;
    changed(isVisible());
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && document.querySelector("dialog[open]") === null) leave();
  });
  tell({ parley: "ready" });
}

/** A count or a wish, never a word of the customer's: any page may be the parent. @param {object} message */
export function tell(message) {
  if (embedded) window.parent.postMessage(message, "*");
}

/** The customer puts the chat away: from this moment nothing counts as seen. */
export function leave() {
  if (!embedded) return;
  shown = false;
  tell({ parley: "close" });
}

/** The shop's own colour for the buttons, with text that can be read on it. */
export function paint() {
  const wanted = new URLSearchParams(location.search).get("accent") ?? "";
  if (!/^[0-9a-f]{6}$/iu.test(wanted)) return;
  const [red, green, blue] = [0, 2, 4].map((at) => {
    const share = Number.parseInt(wanted.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  const light = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  const root = document.documentElement.style;
  root.setProperty("--accent", `#${wanted}`);
  root.setProperty("--on-accent", light > 0.4 ? "#16211f" : "#ffffff");
}
