// @ts-check
// Attachments: photos open in a viewer on this page, sound and video play here, everything else is a file to fetch.

import { h, icon } from "./dom.js";
import { webAddress } from "./links.js";
import { words } from "./words.js";

/** @typedef {import("./types.js").Media} Media */

/** @param {Media[]} media */
export function attachments(media) {
  const photos = media.filter((one) => one.kind === "photo").length;
  return h("div", { class: photos > 1 ? "media many" : "media" }, ...media.map(attachment));
}

/** @param {Media} media */
function attachment(media) {
  const url = media.url.startsWith("blob:") ? media.url : webAddress(media.url, document.baseURI);
  const name = media.name || words.file;
  if (url === null) return h("span", { class: "paper" }, icon("file"), h("span", { class: "title" }, name));
  switch (media.kind) {
    case "photo":
    case "sticker":
      return photo(url, media);
    case "voice":
    case "audio":
      return h("audio", { controls: true, preload: "none", src: url, "aria-label": media.name || words.voice });
    case "video":
      return h("video", { controls: true, preload: "metadata", playsinline: true, src: url });
    default:
      return h(
        "a",
        { class: "paper", href: url, target: "_blank", rel: "noopener noreferrer", download: media.name || true },
        icon("file"),
        h("span", { class: "title", dir: "auto" }, name),
      );
  }
}

/** @param {string} url @param {Media} media */
function photo(url, media) {
  const label = media.name || words.photo;
  const image = h("img", { src: url, alt: label, loading: "lazy", decoding: "async" });
  image.addEventListener("error", () => image.closest("button")?.replaceWith(gone(url, label)));
  image.addEventListener("load", () => image.dispatchEvent(new CustomEvent("parley-grown", { bubbles: true })));
  return h("button", { type: "button", class: "photo", onclick: () => view(url, label) }, image);
}

/** A picture the browser cannot show (HEIC, say) is still a file. @param {string} url @param {string} label */
function gone(url, label) {
  return h(
    "a",
    { class: "paper", href: url, target: "_blank", rel: "noopener noreferrer" },
    icon("file"),
    h("span", { class: "title", dir: "auto" }, label),
  );
}

/** @param {string} url @param {string} label */
function view(url, label) {
  const dialog = /** @type {HTMLDialogElement} */ (
    h(
      "dialog",
      { class: "viewer", "aria-label": label },
      h("button", { type: "button", class: "round", "aria-label": words.close, autofocus: true }, icon("close")),
      h("img", { src: url, alt: label }),
    )
  );
  dialog.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
