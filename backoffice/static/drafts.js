// What is typed into a preview survives Back, reload and a look at another page. It stays in this tab, under the
// form's own address, until the form is sent: from then on the server keeps it.

function fields(form) {
  return [...form.elements].filter(field => field.name && field.type !== "hidden");
}

function store(form) {
  const ticked = field => (["checkbox", "radio"].includes(field.type) ? field.checked : null);
  return JSON.stringify(fields(form).map(field => [field.name, field.value, ticked(field)]));
}

function bring(form, typed) {
  for (const [name, value, checked] of typed) {
    for (const field of fields(form).filter(field => field.name === name)) {
      if (checked === null) field.value = value;
      else if (field.value === value) field.checked = checked;
    }
  }
}

for (const form of document.querySelectorAll("form[data-draft]")) {
  const key = `draft ${form.dataset.draft} ${form.action}`;
  try {
    const kept = sessionStorage.getItem(key);
    if (kept) bring(form, JSON.parse(kept));
    form.addEventListener("input", () => sessionStorage.setItem(key, store(form)));
    form.addEventListener("submit", () => sessionStorage.removeItem(key));
  } catch {
    // Storage is off, or full: the form works as without a script.
  }
}
