"use strict";
// Without this script the page shows everything; with it, what is searched for.
const one = (id) => document.getElementById(id);
const search = one("search"), kind = one("kind"), service = one("service"), count = one("count");

// What is shown or not, each with its words in lower case; a picture's way and a table's row go with their resolution.
const pieces = [...document.querySelectorAll(".card, .grid tbody tr, .way, .files tbody tr")].map((element) => ({
  element,
  text: element.textContent.toLowerCase(),
  kinds: (element.dataset.kind || "").split(" "),
  services: (element.dataset.services ?? element.closest("[data-services]")?.dataset.services ?? "").split(" "),
  isCard: element.matches(".card"),
}));

function fits(piece, words, wantedKind, wantedService) {
  return words.every((word) => piece.text.includes(word))
    && (wantedKind === "all" || piece.kinds.includes(wantedKind))
    && (!wantedService || piece.services.includes(wantedService));
}

function filter() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let cards = 0, shown = 0;
  for (const piece of pieces) {
    const isShown = fits(piece, words, kind.value, service ? service.value : "");
    piece.element.hidden = !isShown;
    if (piece.isCard) { cards += 1; shown += isShown; }
  }
  // What holds ways and rows, and now none that is shown, would only be in between.
  for (const holder of document.querySelectorAll(".resolution, section:has(.grid)")) {
    const held = [...holder.querySelectorAll(".way, tbody tr")];
    holder.hidden = held.length > 0 && held.every((each) => each.hidden);
  }
  count.textContent = `${shown} of ${cards} findings`;
  const none = one("none");
  if (none) none.hidden = shown > 0;
}

// A link may lead to what is folded or filtered out.
function reveal() {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  if (target.closest("[hidden]")) { search.value = ""; kind.value = "all"; if (service) service.value = ""; filter(); }
  const folded = target.closest("details:not([open])");
  if (folded) folded.open = true;
  target.scrollIntoView({ block: "center" });
  target.focus({ preventScroll: true });
}

function theme() {
  const isDark = document.documentElement.dataset.theme
    ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = isDark ? "light" : "dark";
}

let waiting = 0;
function filterSoon() { cancelAnimationFrame(waiting); waiting = requestAnimationFrame(filter); }
search.addEventListener("input", filterSoon);
for (const control of [kind, service]) control?.addEventListener("change", filterSoon);
one("toolbar").addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.target.matches("input, select")) { event.preventDefault(); search.focus(); }
});
one("theme").addEventListener("click", theme);
addEventListener("hashchange", reveal);
one("toolbar").hidden = false;
one("theme").hidden = false;
filter();
reveal();
