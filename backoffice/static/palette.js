// Find anything and the command palette: "/", Ctrl-K or the field in the top bar open it. Pages and actions come once, as
// the page at /find has them; rows that fit are asked for while one types. Arrow keys and Enter choose.

const palette = document.getElementById("palette");
const box = palette.querySelector("[name=q]");
const list = document.getElementById("palette-list");
const notes = palette.querySelector("[data-notes]");
const status = palette.querySelector("[role=status]");
const PAUSE = 250; // milliseconds without typing before rows are asked for
const FEWEST = 2; // letters
let commands = null; // the pages and actions, once they are there
let rows = []; // the groups of rows that fit
let place = 0; // of the option that Enter chooses
let waiting, latest;

const plain = text => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
const options = () => [...list.querySelectorAll("[role=option]")];
const active = () => list.querySelector("[aria-selected=true]");

async function ask(text, signal) {
  const url = new URL(box.form.action);
  if (text) url.searchParams.set("q", text);
  const answer = await fetch(url, { signal, headers: { "X-Requested-With": "fetch" } });
  if (answer.redirected) throw new Error("signed out");
  if (!answer.ok && answer.status !== 400) throw new Error(answer.status);
  const part = document.createElement("div");
  part.innerHTML = await answer.text();
  return part;
}

const element = (tag, properties, ...children) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
};

// The actions of the page that is open are its own buttons and links: what stands beside its title, and below ticked rows.
const HERE = ":is(main .page-tools, main .action-bar.open .action-buttons) :is(a, button):is(.btn, .menu-item):not(.menu-form *, .view-new *)";

function here() {
  const controls = [...document.querySelectorAll(HERE)].filter(control => !control.ariaDisabled);
  const items = controls.map(control => {
    const item = element("button", { type: "button", className: "menu-item" }, element("span", { textContent: control.textContent.trim() }));
    item.addEventListener("click", () => { palette.close(); control.click() });
    return element("li", {}, item);
  });
  return items.length ? [element("section", { className: "found" }, element("h2", { textContent: palette.dataset.here }), element("ul", {}, ...items))] : [];
}

// The section with those of its items alone that have every word.
function fitting(section, words) {
  for (const item of section.querySelectorAll("li")) {
    if (!words.every(word => plain(item.textContent).includes(word))) item.remove();
  }
  return section;
}

function nameParts() {
  list.querySelectorAll("section").forEach((section, place) => {
    section.setAttribute("role", "group");
    section.querySelector("h2").id = `palette-group-${place}`;
    section.setAttribute("aria-labelledby", `palette-group-${place}`);
    // Within a listbox there are groups and options alone.
    for (const part of section.querySelectorAll("h2, ul, li, form")) {
      part.setAttribute("role", "presentation");
      part.removeAttribute("aria-labelledby");
    }
  });
  list.querySelectorAll(".menu-item").forEach((item, place) => {
    item.id = `palette-option-${place}`;
    item.tabIndex = -1;
    item.setAttribute("role", "option");
  });
}

const words = () => plain(box.value).split(/\s+/).filter(Boolean);
const allFitting = sections => sections.map(section => fitting(section, words())).filter(section => section.querySelector("li"));

function draw() {
  list.replaceChildren(...allFitting([...here(), ...(commands?.cloneNode(true).children ?? [])]), ...rows);
  nameParts();
  choose(place); // rows that arrive stand below, so whoever has gone down stays there
  box.setAttribute("aria-expanded", options().length > 0);
}

function choose(number) {
  const all = options();
  place = Math.max(0, Math.min(number, all.length - 1));
  const item = all[place];
  for (const each of all) each.setAttribute("aria-selected", each === item);
  if (item) {
    box.setAttribute("aria-activedescendant", item.id);
    item.scrollIntoView({ block: "nearest" });
  } else box.removeAttribute("aria-activedescendant");
}

async function search() {
  const text = box.value.trim();
  const current = latest = new AbortController();
  try {
    const part = await ask(text, current.signal);
    rows = [...part.querySelectorAll("section")];
    notes.replaceChildren(...part.querySelectorAll(".found-note"));
  } catch (error) {
    if (error.name === "AbortError") return;
    rows = [];
    notes.textContent = palette.dataset.failed;
  }
  draw();
  const number = options().length;
  status.textContent = number ? palette.dataset.found.replace("{n}", number) : palette.dataset.none;
}

function typed() {
  clearTimeout(waiting);
  latest?.abort();
  place = 0;
  if (box.value.trim().length < FEWEST) {
    rows = [];
    notes.replaceChildren();
    status.textContent = "";
  } else {
    rows = allFitting(rows); // until the answer is there, none that Enter should not choose
    waiting = setTimeout(search, PAUSE);
  }
  draw();
}

async function open() {
  if (palette.open || document.querySelector("dialog[open]")) return;
  palette.showModal();
  box.select();
  typed();
  try { commands ??= await ask("") } catch { return } // signed out, or away: the search says so
  if (palette.open) draw();
}

document.addEventListener("click", event => {
  if (event.target.closest("[data-open-palette]")) open();
  else if (event.target === palette || event.target.closest("#palette [data-close]")) palette.close();
});

document.addEventListener("keydown", event => {
  const isTyping = event.target.closest("input, textarea, select, [contenteditable]");
  const isShortcut = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
  const isSlash = event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !isTyping;
  if (!isShortcut && !isSlash) return;
  event.preventDefault();
  if (palette.open && isShortcut) palette.close();
  else open();
});

box.addEventListener("input", typed);
box.addEventListener("keydown", event => {
  const number = options().length;
  const next = { ArrowDown: place + 1, ArrowUp: place - 1 + number }[event.key];
  if (next !== undefined && number) {
    event.preventDefault();
    choose(next % number);
  } else if (event.key === "Enter" && active()) {
    event.preventDefault(); // else the form leads to the page with all that was found
    active().click();
  }
});
// What is chosen leads on; whoever comes back by the browser finds the page, and not the dialog over it.
list.addEventListener("click", event => { if (event.target.closest("[role=option]")) palette.close() });
palette.addEventListener("close", () => { clearTimeout(waiting); latest?.abort() });
