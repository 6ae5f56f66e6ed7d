// @ts-check
// Links in plain text: http and https only, shown exactly as written, everything else stays text.

import { h } from "./dom.js";

// Spaces, quotes, angle brackets and characters that turn text around end a link.
const LINK = /https?:\/\/[^\s<>"'«»“”\u200b-\u200f\u202a-\u202e\u2060-\u2069]+/giu;
const TAIL = /[.,:;!?…)\]}*_~]+$/u;

/**
 * The text as nodes: text nodes and safe links.
 * @param {string} text
 * @returns {(Text | HTMLElement)[]}
 */
export function linked(text) {
  /** @type {(Text | HTMLElement)[]} */
  const nodes = [];
  let end = 0;
  for (const found of text.matchAll(LINK)) {
    const written = trimmed(found[0]);
    const href = webAddress(written);
    if (href === null) continue;
    if (found.index > end) nodes.push(document.createTextNode(text.slice(end, found.index)));
    nodes.push(h("a", { href, target: "_blank", rel: "noopener noreferrer nofollow ugc" }, written));
    end = found.index + written.length;
  }
  if (end < text.length) nodes.push(document.createTextNode(text.slice(end)));
  return nodes;
}

/**
 * An http(s) address with nothing hidden in it, or null. `https://shop.example@evil.example` is not a link.
 * @param {string} written @param {string} [base]
 */
export function webAddress(written, base) {
  let url;
  try {
    url = new URL(written, base);
  } catch {
    return null;
  }
  const web = url.protocol === "https:" || url.protocol === "http:";
  return web && url.username === "" && url.password === "" ? url.href : null;
}

/** A full stop after a link is the sentence's; a bracket is the link's only if it was opened inside it. @param {string} raw */
function trimmed(raw) {
  const tail = TAIL.exec(raw)?.[0] ?? "";
  const body = raw.slice(0, raw.length - tail.length);
  const closes = tail.startsWith(")") && body.includes("(");
  return closes ? `${body})` : body;
}
