// Sliders beside the number fields of Compare, which write into them. Without this file, the fields alone.
import { addressOf, fetchPage, say } from "./console.js";

const form = document.querySelector("[data-sizes]");
let turn = 0;

async function refresh() {
  const mine = ++turn, path = addressOf(form);
  let page;
  try { page = await fetchPage(path); } catch { if (mine === turn) form.submit(); return; }
  if (mine !== turn) return;
  document.getElementById("comparison").replaceWith(document.adoptNode(page.getElementById("comparison")));
  history.replaceState(null, "", path);
  say("The costs are worked out");
}

function slider(field) {
  const range = document.createElement("input");
  range.type = "range";
  range.min = "0";
  range.max = field.dataset.most;
  range.step = field.dataset.step;
  range.value = field.value;
  range.setAttribute("aria-label", field.labels[0].textContent);
  range.addEventListener("input", () => { field.value = range.value; });
  range.addEventListener("change", refresh);
  field.addEventListener("change", () => { range.value = field.value; refresh(); });
  field.after(range);
}

if (form) {
  form.querySelectorAll("[data-most]").forEach(slider);
  form.addEventListener("submit", (event) => { event.preventDefault(); refresh(); });
}
