// Lists of permissions: a box that leaves of them what matches, and ticks for all of an area.

for (const box of document.querySelectorAll("[data-search-in]")) {
  const place = box.closest("fieldset") ?? box.closest("main");
  const note = box.parentElement.querySelector("[data-none]");
  box.addEventListener("input", () => {
    const wanted = box.value.trim().toLowerCase();
    for (const item of place.querySelectorAll("[data-searched]")) item.hidden = !item.textContent.toLowerCase().includes(wanted);
    for (const part of place.querySelectorAll("[data-searched-part]")) part.hidden = !part.querySelector("[data-searched]:not([hidden])");
    for (const tick of place.querySelectorAll(".all-of")) tick.hidden = Boolean(wanted);
    note.textContent = place.querySelector("[data-searched-part]:not([hidden])") ? "" : note.dataset.none;
  });
  // Enter would send the form.
  box.addEventListener("keydown", event => event.key === "Enter" && event.preventDefault());
}

for (const all of document.querySelectorAll("[data-all-of]")) {
  const ticks = [...all.closest("ul").querySelectorAll("[data-searched] input[type=checkbox]:not(:disabled)")];
  const show = () => {
    const ticked = ticks.filter(tick => tick.checked).length;
    all.checked = ticked === ticks.length;
    all.indeterminate = ticked > 0 && !all.checked;
  };
  all.removeAttribute("name"); // the ticks below say it all
  all.addEventListener("change", () => {
    for (const tick of ticks) tick.checked = all.checked;
  });
  for (const tick of ticks) tick.addEventListener("change", show);
  addEventListener("pageshow", show);
  show();
}
