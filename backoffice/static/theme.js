// Light, dark or as the system; wide or narrow navigation. _head.html applies the stored choice before the first paint.
const root = document.documentElement;
const systemIsDark = matchMedia("(prefers-color-scheme: dark)");

function store(key, value) {
  try { localStorage.setItem(key, value) } catch { /* Storage is switched off: the choice lasts for this page. */ }
}

function applyTheme(theme) {
  root.dataset.theme = theme;
  root.dataset.bsTheme = theme === "system" ? (systemIsDark.matches ? "dark" : "light") : theme;
  for (const button of document.querySelectorAll("[data-set-theme]")) {
    button.setAttribute("aria-pressed", button.dataset.setTheme === theme);
  }
}

function applyNavigation(width) {
  root.dataset.nav = width;
  const button = document.querySelector("[data-fold-navigation]");
  button?.setAttribute("aria-pressed", width === "narrow");
  for (const link of document.querySelectorAll(".navigation-link")) {
    link.title = width === "narrow" ? link.textContent.trim() : "";
  }
}

document.addEventListener("click", event => {
  const choice = event.target.closest("[data-set-theme]");
  if (choice) {
    store("theme", choice.dataset.setTheme);
    applyTheme(choice.dataset.setTheme);
  }
  if (event.target.closest("[data-fold-navigation]")) {
    const width = root.dataset.nav === "narrow" ? "wide" : "narrow";
    store("nav", width);
    applyNavigation(width);
  }
});
systemIsDark.addEventListener("change", () => applyTheme(root.dataset.theme));
applyTheme(root.dataset.theme);
applyNavigation(root.dataset.nav);
