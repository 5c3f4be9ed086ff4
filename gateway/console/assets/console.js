// Theme button, copy buttons, and the way to another page. Every page works without this file.

export function say(words) {
  const place = document.querySelector("[data-said]");
  if (place) place.textContent = words;
}

// responseType "document" parses without a sink that Trusted Types would guard.
export function fetchPage(path) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("GET", path);
    request.responseType = "document";
    request.onload = () => (request.status === 200 && request.response ? resolve(request.response) : reject());
    request.onerror = reject;
    request.send();
  });
}

// The address of a form that is sent by GET, without its empty fields.
export function addressOf(form) {
  const members = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (value.trim()) members.append(name, value);
  const query = members.toString(), path = form.getAttribute("action") || location.pathname;
  return path + (query ? "?" + query : "");
}

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function themeButton() {
  const button = document.querySelector("[data-theme-button]");
  if (!button) return;
  const label = () => { button.textContent = isDark() ? "Light" : "Dark"; };
  button.addEventListener("click", () => {
    const next = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    try { localStorage.setItem("sc-theme", next); } catch { /* the choice lasts as long as the page */ }
    label();
  });
  label();
  button.hidden = false;
}

export function copyButtons(root) {
  if (!navigator.clipboard) return;
  for (const button of root.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const text = document.getElementById(button.dataset.copy).textContent;
      try {
        await navigator.clipboard.writeText(text);
        say("Copied");
        const first = button.firstChild;
        first.textContent = "Copied";
        setTimeout(() => { first.textContent = "Copy"; }, 2000);
      } catch {
        say("The browser does not allow copying");
      }
    });
  }
}

themeButton();
copyButtons(document);
