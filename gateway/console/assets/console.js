// Theme button and copy buttons. Every page works without this file.

export function say(words) {
  const place = document.querySelector("[data-said]");
  if (place) place.textContent = words;
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
