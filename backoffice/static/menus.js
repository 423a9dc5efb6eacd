// Menus: <details class="menu">, and the menu of a row, which is fetched when it is opened.
// Escape and a click elsewhere close them, arrow keys walk through them, focus returns to where it came from.

const rowMenu = document.getElementById("row-menu");
let opener = null; // the row's button whose menu is open

function closeDetails(details) {
  const hadFocus = details.contains(document.activeElement);
  details.open = false;
  if (hadFocus) details.querySelector("summary").focus();
}

function closeRowMenu({ refocus = false } = {}) {
  if (!opener) return;
  const button = opener;
  opener = null;
  button.setAttribute("aria-expanded", "false");
  rowMenu.hidePopover();
  if (refocus) button.focus();
}

function place(button) {
  if (matchMedia("(max-width: 47.99rem)").matches) {
    rowMenu.style.top = rowMenu.style.left = ""; // a sheet at the bottom, see admin.css
    return;
  }
  const at = button.getBoundingClientRect();
  const below = at.bottom + 4;
  const fits = below + rowMenu.offsetHeight < innerHeight;
  rowMenu.style.top = `${fits ? below : Math.max(8, at.top - rowMenu.offsetHeight - 4)}px`;
  rowMenu.style.left = `${Math.max(8, at.right - rowMenu.offsetWidth)}px`;
}

async function openRowMenu(button) {
  closeRowMenu();
  opener = button;
  button.setAttribute("aria-expanded", "true");
  rowMenu.textContent = rowMenu.dataset.loading;
  rowMenu.setAttribute("aria-label", button.getAttribute("aria-label"));
  rowMenu.showPopover();
  place(button);
  try {
    const answer = await fetch(button.dataset.menuUrl, { headers: { "X-Requested-With": "fetch" } });
    if (!answer.ok || answer.redirected) throw new Error(answer.status);
    const html = await answer.text();
    if (opener !== button) return; // another menu was opened meanwhile
    rowMenu.innerHTML = html;
    for (const field of rowMenu.querySelectorAll("[name=back]")) field.value = location.pathname + location.search;
    place(button);
    items(rowMenu)[0]?.focus();
  } catch {
    location.assign(button.href); // the details page offers the same actions
  }
}

const items = panel => [...panel.querySelectorAll(".menu-item")];

function walk(event, panel) {
  const all = items(panel);
  const now = all.indexOf(document.activeElement);
  const next = { ArrowDown: now + 1, ArrowUp: now < 0 ? -1 : now - 1, Home: 0, End: -1 }[event.key];
  if (next === undefined || event.target.matches("input:not([type=checkbox], [type=radio]), select")) return;
  event.preventDefault();
  all.at(next % all.length)?.focus();
}

document.addEventListener("click", event => {
  const button = event.target.closest("[data-menu-url]");
  if (button && rowMenu && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    if (opener === button) closeRowMenu({ refocus: true });
    else openRowMenu(button);
  } else if (!event.target.closest("#row-menu")) closeRowMenu();
  for (const details of document.querySelectorAll("details.menu[open]")) {
    if (!details.contains(event.target)) details.open = false;
  }
});

document.addEventListener("keydown", event => {
  const button = event.target.closest("[data-menu-url]");
  if (button && event.key === " ") { // a link that acts as a button answers to the space bar too
    event.preventDefault();
    button.click();
    return;
  }
  const details = event.target.closest("details.menu");
  const panel = opener ? rowMenu : details?.open && details.querySelector(".menu-panel:not(.filter-panel)");
  if (event.key === "Escape") {
    const open = document.querySelectorAll("details.menu[open]");
    if (opener || open.length) event.preventDefault(); // used up: it must not clear the ticked rows as well
    closeRowMenu({ refocus: true });
    open.forEach(closeDetails);
  } else if (panel) walk(event, panel);
});

// Whether the focus has left a panel. A press on plain text in it gives the focus to what is around
// it, such as <main tabindex="-1">: that closes nothing, or the panel would be gone before the click.
const hasLeft = (panel, focused) => !panel.contains(focused) && !focused.contains(panel);

document.addEventListener("focusin", event => {
  if (opener && event.target !== opener && hasLeft(rowMenu, event.target)) closeRowMenu();
  for (const details of document.querySelectorAll("details.menu[open]")) {
    if (hasLeft(details, event.target)) details.open = false;
  }
});
addEventListener("scroll", () => opener && place(opener), { capture: true, passive: true });

for (const button of document.querySelectorAll("[data-menu-url]")) {
  button.setAttribute("role", "button");
  button.setAttribute("aria-expanded", "false");
}
