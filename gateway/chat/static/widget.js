// @ts-check
// One script tag on any page of a shop: a launcher in the corner that opens the chat in a frame.
//
//   <script src="https://chat.example/chat/widget.js" async
//           data-side="right" data-accent="#0d6a5b" data-label="Написать нам" data-lang="ru"></script>
//
// It draws in a shadow root with its own sheet, so neither page's styles touch the other's, and learns nothing of the
// conversation but the number of unread messages. window.Parley.open() and .close() are there for the shop's own buttons.

(() => {
  const script = /** @type {HTMLScriptElement | null} */ (document.currentScript);
  if (!script || "Parley" in window) return;
  const home = new URL(script.src, location.href);
  const given = script.dataset;
  const side = given.side === "left" ? "left" : "right";
  const lang = (given.lang || document.documentElement.lang || navigator.language || "ru").slice(0, 2).toLowerCase();
  const accent = /^#?[0-9a-f]{6}$/iu.test(given.accent ?? "") ? String(given.accent).replace("#", "") : "";
  const words = /** @type {Record<string, string[]>} */ ({
    ru: ["Открыть чат", "Закрыть чат", "Чат с магазином", "непрочитанных"],
    uk: ["Відкрити чат", "Закрити чат", "Чат із магазином", "непрочитаних"],
    en: ["Open the chat", "Close the chat", "Chat with the shop", "unread"],
  });
  const [openIt, closeIt, title, unreadOnes] = words[lang] ?? words.en;

  const SHEET = `
    :host { all: initial; color-scheme: inherit; }
    .launcher, iframe { position: fixed; z-index: 2147483000; ${side}: calc(20px + env(safe-area-inset-${side}, 0px)); }
    .launcher {
      bottom: calc(20px + env(safe-area-inset-bottom, 0px));
      display: flex; align-items: center; gap: 10px; height: 58px; min-width: 58px; padding: 0 15px; border: 0;
      border-radius: 29px; background: var(--accent); color: var(--on-accent); cursor: pointer;
      font: 600 16px/1 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
      box-shadow: 0 10px 28px -8px rgb(0 0 0 / 45%), 0 2px 6px rgb(0 0 0 / 16%);
      transition: transform .16s ease, box-shadow .16s ease;
    }
    .launcher:hover { transform: translateY(-2px); }
    .launcher:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; }
    .launcher svg { width: 28px; height: 28px; display: block; }
    .label:not(:empty) { padding-inline-end: 7px; }
    .launcher[aria-expanded="true"] .label { display: none; }
    .badge {
      position: absolute; top: -5px; ${side === "right" ? "left" : "right"}: -5px; min-width: 24px; height: 24px; padding: 0 6px;
      box-sizing: border-box; border-radius: 12px; border: 2px solid #fff; background: #c62828; color: #fff;
      font-size: 13px; line-height: 20px; text-align: center;
    }
    .badge:empty { display: none; }
    iframe {
      bottom: calc(92px + env(safe-area-inset-bottom, 0px)); width: 400px; height: min(660px, calc(100vh - 116px));
      border: 0; border-radius: 20px; background: transparent;
      box-shadow: 0 24px 64px -16px rgb(0 0 0 / 40%), 0 0 0 1px rgb(0 0 0 / 7%);
      transform-origin: bottom ${side};
    }
    iframe[hidden] { display: none; }
    @media (prefers-reduced-motion: no-preference) {
      iframe:not([hidden]) { animation: rise .18s ease-out; }
      @keyframes rise { from { opacity: 0; transform: translateY(14px) scale(.97); } }
    }
    @media (prefers-reduced-motion: reduce) { .launcher { transition: none; } }
    @media (max-width: 520px), (max-height: 520px) {
      iframe:not([hidden]) { inset: var(--top, 0) 0 auto; width: 100%; height: var(--visible, 100dvh); border-radius: 0; box-shadow: none; }
      .launcher[aria-expanded="true"] { display: none; }
    }
    @media print { :host { display: none; } }
  `;
  const SVG = "http://www.w3.org/2000/svg";
  const BUBBLE = "M7 4h10a4 4 0 0 1 4 4v6a4 4 0 0 1-4 4h-4.5l-4.7 3.7A.8.8 0 0 1 6.5 21v-3A4 4 0 0 1 3 14V8a4 4 0 0 1 4-4z";
  const CROSS = "M6.5 8.5l5.5 6 5.5-6";

  const host = document.createElement("parley-widget");
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(SHEET);
  root.adoptedStyleSheets = [sheet];
  host.style.setProperty("--accent", `#${accent || "0d6a5b"}`);
  host.style.setProperty("--on-accent", readableOn(accent || "0d6a5b"));

  const launcher = document.createElement("button");
  launcher.type = "button";
  launcher.className = "launcher";
  const label = Object.assign(document.createElement("span"), { className: "label", textContent: given.label ?? "" });
  const badge = Object.assign(document.createElement("span"), { className: "badge" });
  badge.setAttribute("aria-hidden", "true");
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("viewBox", "0 0 24 24");
  picture.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  picture.append(path);
  launcher.append(picture, label, badge);
  root.append(launcher);

  /** @type {HTMLIFrameElement | null} */
  let frame = null;
  let isOpen = false;
  let isReady = false;
  let unread = 0;

  function draw() {
    path.setAttribute("d", isOpen ? CROSS : BUBBLE);
    path.setAttribute("fill", isOpen ? "none" : "currentColor");
    path.setAttribute("stroke", isOpen ? "currentColor" : "none");
    path.setAttribute("stroke-width", "2.4");
    path.setAttribute("stroke-linecap", "round");
    path.setAttribute("stroke-linejoin", "round");
    badge.textContent = unread > 0 && !isOpen ? (unread > 99 ? "99+" : String(unread)) : "";
    launcher.setAttribute("aria-expanded", String(isOpen));
    launcher.setAttribute("aria-label", isOpen ? closeIt : unread > 0 ? `${openIt}, ${unreadOnes}: ${unread}` : openIt);
    if (frame) frame.hidden = !isOpen;
  }

  function load() {
    if (frame) return;
    const address = new URL("../chat", home);
    address.searchParams.set("embed", "1");
    address.searchParams.set("lang", lang);
    if (accent) address.searchParams.set("accent", accent);
    frame = document.createElement("iframe");
    frame.title = title;
    frame.allow = "clipboard-write";
    frame.hidden = true;
    frame.src = address.href;
    root.append(frame);
  }

  /** A frame that has not loaded yet asks by itself when it has. */
  function tell() {
    if (isReady) frame?.contentWindow?.postMessage({ parley: isOpen ? "shown" : "hidden" }, home.origin);
  }

  function open() {
    load();
    isOpen = true;
    unread = 0;
    remember("parley:known", "1", localStorageOf);
    remember("parley:open", "1", sessionStorageOf);
    draw();
    tell();
    frame?.focus();
  }

  function close() {
    isOpen = false;
    remember("parley:open", "", sessionStorageOf);
    draw();
    tell();
    launcher.focus();
  }

  launcher.addEventListener("click", () => (isOpen ? close() : open()));
  addEventListener("keydown", (event) => event.key === "Escape" && isOpen && close());
  addEventListener("message", (event) => {
    if (event.origin !== home.origin || !frame || event.source !== frame.contentWindow) return;
    if (event.data?.parley === "ready") {
      isReady = true;
      tell();
    }
    if (event.data?.parley === "close") close();
    if (event.data?.parley === "unread" && Number.isSafeInteger(event.data.count)) {
      unread = Math.max(0, event.data.count);
      draw();
    }
  });

  // A phone's keyboard covers a frame of full height: fit into what is left.
  const view = window.visualViewport;
  const fit = () => {
    host.style.setProperty("--visible", `${view?.height ?? innerHeight}px`);
    host.style.setProperty("--top", `${view?.offsetTop ?? 0}px`);
  };
  view?.addEventListener("resize", fit);
  view?.addEventListener("scroll", fit);

  const localStorageOf = () => window.localStorage;
  const sessionStorageOf = () => window.sessionStorage;

  /** @param {string} key @param {string} value @param {() => Storage} storage */
  function remember(key, value, storage) {
    try {
      if (value) storage().setItem(key, value);
      else storage().removeItem(key);
    } catch {
      // The shop's page may not be allowed to remember anything.
    }
  }

  /** @param {string} key @param {() => Storage} storage */
  function remembers(key, storage) {
    try {
      return storage().getItem(key) !== null;
    } catch {
      return false;
    }
  }

  /** @param {string} colour six hex digits */
  function readableOn(colour) {
    const [red, green, blue] = [0, 2, 4].map((at) => (Number.parseInt(colour.slice(at, at + 2), 16) / 255) ** 2.2);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.4 ? "#16211f" : "#ffffff";
  }

  function begin() {
    document.body.append(host);
    fit();
    draw();
    const small = matchMedia("(max-width: 520px), (max-height: 520px)").matches;
    // Whoever has talked to the shop sees the number of unread answers; whoever has not costs the shop nothing.
    if (remembers("parley:open", sessionStorageOf) && !small) open();
    else if (remembers("parley:known", localStorageOf)) (window.requestIdleCallback ?? setTimeout)(load);
  }

  Object.assign(window, { Parley: { open, close } });
  if (document.body) begin();
  else addEventListener("DOMContentLoaded", begin);
})();
