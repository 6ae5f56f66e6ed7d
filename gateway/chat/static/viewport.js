// @ts-check
// Keeps the writing field above a phone's on-screen keyboard where the browser does not shrink the page by itself.

/** The page is as tall as what is really visible. */
export function fitAboveKeyboard() {
  const view = window.visualViewport;
  if (!view || window.parent !== window) return;
  const fit = () => {
    const covered = window.innerHeight - view.height * view.scale > 1;
    if (covered && view.scale === 1) {
      document.documentElement.style.setProperty("--visible", `${view.height}px`);
      window.scrollTo(0, 0);
    } else {
      document.documentElement.style.removeProperty("--visible");
    }
  };
  view.addEventListener("resize", fit);
  view.addEventListener("scroll", fit);
}
