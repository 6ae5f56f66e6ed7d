// @ts-check
// The only way this page makes elements: text goes in as text nodes, so nothing a customer writes can become markup.

import { drawings } from "./icons.js";

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element. `on…` values are listeners, true is a bare attribute; null, undefined and false are left out.
 * @param {string} tag
 * @param {Record<string, unknown>} [attributes]
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {HTMLElement}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) {
      if (typeof value !== "function") throw new TypeError(`${name} wants a function`);
      element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    } else {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child);
  }
  return element;
}

/**
 * An icon; decorative unless it is given words.
 * @param {string} name @param {string} [label]
 */
export function icon(name, label) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("viewBox", "0 0 24 24");
  if (label) {
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", label);
  } else {
    svg.setAttribute("aria-hidden", "true");
  }
  const { stroke, fill, width = 2 } = drawings[name];
  if (stroke) svg.append(path({ d: stroke, class: "stroke", "stroke-width": String(width) }));
  if (fill) svg.append(path({ d: fill, class: "fill" }));
  return svg;
}

/** @param {Record<string, string>} attributes */
function path(attributes) {
  const line = document.createElementNS(SVG, "path");
  for (const [name, value] of Object.entries(attributes)) line.setAttribute(name, value);
  return line;
}

/** Words for screen readers only. @param {string} text */
export const hidden = (text) => h("span", { class: "unseen" }, text);
