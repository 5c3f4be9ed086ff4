// Reads a page again every ten seconds while somebody looks at it. Without this file, reload the page.
import { say } from "./console.js";

const place = document.getElementById("live");
let timer = 0;

function again() {
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(read, 10_000);
}

function read() {
  const request = new XMLHttpRequest();
  request.responseType = "document";
  request.open("GET", location.href);
  request.onload = () => {
    const fresh = request.status === 200 && request.response && request.response.getElementById("live");
    if (fresh) {
      const before = place.querySelector("[data-sentence]").textContent;
      if (!place.contains(document.activeElement)) place.replaceChildren(...document.adoptNode(fresh).childNodes);
      const after = place.querySelector("[data-sentence]").textContent;
      if (after !== before) say(after);
    }
    again();
  };
  request.onerror = again;
  request.send();
}

document.addEventListener("visibilitychange", () => { if (document.hidden) clearTimeout(timer); else read(); });
again();
