// Pickers: ticks or radios of related rows, with a search box that filters them or, where there are too many, looks them up.

const FEW = 8; // so many options need no search box
const PAUSE = 200; // milliseconds without typing before a look-up

function option(picker, { id, label }) {
  const input = Object.assign(document.createElement("input"), {
    type: "multiple" in picker.dataset ? "checkbox" : "radio", name: picker.dataset.name, value: id,
  });
  const item = document.createElement("label");
  item.append(input, ` ${label}`);
  return item;
}

function searchBox(picker) {
  const title = picker.closest("fieldset").querySelector("legend").textContent.trim();
  const words = document.body.dataset;
  const box = Object.assign(document.createElement("input"), {
    type: "search", className: "form-control picker-search", placeholder: words.textSearch, ariaLabel: `${words.textSearch}: ${title}`, autocomplete: "off",
  });
  const note = Object.assign(document.createElement("p"), { className: "picker-note" });
  note.setAttribute("role", "status");
  const list = picker.querySelector(".picker-options");
  list.before(box);
  list.after(note);
  return { box, note, list, words };
}

function filterHere({ box, list }) {
  box.addEventListener("input", () => {
    const wanted = box.value.trim().toLowerCase();
    for (const item of list.children) item.hidden = !item.textContent.toLowerCase().includes(wanted);
  });
}

function lookUp(picker, { box, note, list, words }) {
  let waiting, latest;

  async function show() {
    const current = latest = new AbortController();
    const url = new URL(picker.dataset.lookupUrl, location);
    url.searchParams.set("search", box.value.trim());
    try {
      const answer = await fetch(url, { signal: current.signal, headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(answer.status);
      const { options, more } = await answer.json();
      // What is chosen stays; what was only on offer makes room.
      for (const item of [...list.children]) if (!item.querySelector(":checked, [value='']")) item.remove();
      const there = new Set([...list.querySelectorAll("input")].map(input => input.value));
      list.append(...options.filter(({ id }) => !there.has(String(id))).map(found => option(picker, found)));
      note.textContent = more ? words.textMore : options.length ? "" : words.textNone;
    } catch (error) {
      if (error.name !== "AbortError") note.textContent = words.textFailed;
    }
  }

  box.addEventListener("input", () => {
    clearTimeout(waiting);
    latest?.abort();
    waiting = setTimeout(show, PAUSE);
  });
  box.addEventListener("focus", () => latest || show());
}

for (const picker of document.querySelectorAll(".picker")) {
  const { lookupUrl } = picker.dataset;
  if (!lookupUrl && picker.querySelectorAll("label").length <= FEW) continue;
  const parts = searchBox(picker);
  // Enter in the search box must not send the form around it.
  parts.box.addEventListener("keydown", event => { if (event.key === "Enter") event.preventDefault() });
  if (lookupUrl) lookUp(picker, parts);
  else filterHere(parts);
}
