// What is typed into a preview survives Back, reload and a look at another page. It stays in this tab, under the
// form's own address, until the form is sent: from then on the server keeps it.

const ticks = field => ["checkbox", "radio"].includes(field.type);
// No script may choose a file, so a chosen one is not brought back.
const fields = form => [...form.elements].filter(field => field.name && !["hidden", "file"].includes(field.type));
const touched = field => (ticks(field) ? field.checked !== field.defaultChecked : field.value !== field.defaultValue);

function store(form) {
  return JSON.stringify(fields(form).map(field => [field.name, field.value, ticks(field) ? field.checked : null]));
}

function bring(form, typed) {
  for (const [name, value, checked] of typed) {
    for (const field of fields(form).filter(field => field.name === name && !touched(field))) {
      if (checked === null) field.value = value;
      else if (field.value === value) field.checked = checked;
    }
  }
}

for (const form of document.querySelectorAll("form[data-draft]")) {
  const key = `draft ${form.dataset.draft} ${form.action}`;
  try {
    const keep = () => sessionStorage.setItem(key, store(form));
    const kept = sessionStorage.getItem(key);
    if (kept) bring(form, JSON.parse(kept));
    if (fields(form).some(touched)) keep(); // typed before this ran
    form.addEventListener("input", keep);
    form.addEventListener("submit", () => sessionStorage.removeItem(key));
  } catch {
    // Storage is off, or full: the form works as without a script.
  }
}
