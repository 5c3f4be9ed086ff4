// Filters that answer at once: the same address as without scripts, fetched and put in place.
import { addressOf, copyButtons, fetchPage, say } from "./console.js";

const form = document.querySelector("[data-filters]");
let turn = 0;

async function refresh() {
  const mine = ++turn, path = addressOf(form);
  let page;
  try { page = await fetchPage(path); } catch { if (mine === turn) form.submit(); return; }
  if (mine !== turn) return;
  const results = document.adoptNode(page.getElementById("results"));
  document.getElementById("results").replaceWith(results);
  for (const fresh of page.querySelectorAll("[data-count]")) {
    const shown = document.querySelector(`[data-count="${CSS.escape(fresh.dataset.count)}"]`);
    if (!shown) continue;
    shown.textContent = fresh.textContent;
    shown.closest("label").classList.toggle("empty", fresh.textContent.trim() === "0");
  }
  copyButtons(results);
  history.replaceState(null, "", path);
  say(results.dataset.summary);
}

if (form) {
  let waiting = 0;
  form.addEventListener("change", refresh);
  form.addEventListener("input", (event) => {
    if (event.target.type !== "search") return;
    clearTimeout(waiting);
    waiting = setTimeout(refresh, 250);
  });
  form.addEventListener("submit", (event) => { event.preventDefault(); refresh(); });
}
