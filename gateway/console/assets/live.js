// Reads a page again every ten seconds while somebody looks at it. Without this file, reload the page.
import { fetchPage, say } from "./console.js";

const place = document.getElementById("live");
let timer = 0;

function again() {
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(read, 10_000);
}

async function read() {
  try {
    const fresh = (await fetchPage(location.href)).getElementById("live");
    const before = place.querySelector("[data-sentence]").textContent;
    if (!place.contains(document.activeElement)) place.replaceChildren(...document.adoptNode(fresh).childNodes);
    const after = place.querySelector("[data-sentence]").textContent;
    if (after !== before) say(after);
  } catch { /* the gateway is away: what is shown stays, and is asked for again */ }
  again();
}

document.addEventListener("visibilitychange", () => { if (document.hidden) clearTimeout(timer); else read(); });
again();
