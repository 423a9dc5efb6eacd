// Small helps for forms on every page. Each works on an attribute, so a template only has to write it.

// A page that answers a form takes the place of one to look at in the history: Back and reload ask for that one, where
// a browser would otherwise show an error of its own, or send the form again.
const toGet = document.querySelector("meta[name='address-to-get']");
if (toGet) history.replaceState(history.state, "", toGet.content);

// A second click must not send a form twice. Files to download leave the page where it is, so only POST counts.
document.addEventListener("submit", event => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
  event.submitter?.classList.add("busy");
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll(".busy")) button.classList.remove("busy");
});

// What a tab keeps of half-filled forms ends with the session.
document.addEventListener("submit", event => {
  if (!event.target.action.endsWith("/sign-out")) return;
  try { sessionStorage.clear() } catch { /* Storage is off: nothing was kept. */ }
});

// Filters that say nothing stay out of the address.
document.addEventListener("formdata", event => {
  if (!("skipEmpty" in event.target.dataset)) return;
  for (const [name, value] of [...event.formData]) if (value === "") event.formData.delete(name);
});

// Copy buttons: data-copy names the element whose text is copied.
document.addEventListener("click", async event => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const label = button.querySelector("span");
  const before = label.textContent;
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
  label.textContent = button.dataset.copied;
  setTimeout(() => { label.textContent = before }, 2000);
});

// A file that is too large is said before it is sent.
document.addEventListener("change", event => {
  const field = event.target;
  if (!field.dataset.largest) return;
  const isTooLarge = [...field.files].some(file => file.size > field.dataset.largest);
  field.setCustomValidity(isTooLarge ? field.dataset.tooLarge : "");
  field.reportValidity();
});

// Show a password while it is typed.
document.addEventListener("click", event => {
  const button = event.target.closest("[data-reveal]");
  if (!button) return;
  const input = document.getElementById(button.dataset.reveal);
  input.type = input.type === "password" ? "text" : "password";
  button.setAttribute("aria-pressed", input.type === "text");
});

// Caps Lock in a password field.
for (const kind of ["keydown", "keyup"]) {
  document.addEventListener(kind, event => {
    const hint = event.target.id && document.querySelector(`[data-caps-hint="${CSS.escape(event.target.id)}"]`);
    if (hint && event.getModifierState) hint.hidden = !event.getModifierState("CapsLock");
  });
}

// Fields that are shown only with some values of others; those out of sight are not sent.
const valueOf = (form, name) => {
  const controls = [...form.elements].filter(control => control.name === name && control.type !== "hidden" && !control.disabled);
  if (controls.length === 1 && controls[0].type === "checkbox" && controls[0].value === "y") return [controls[0].checked ? "yes" : "no"];
  return controls.filter(control => !["checkbox", "radio"].includes(control.type) || control.checked).map(control => control.value);
};
function showFields(form) {
  for (const part of form.querySelectorAll("[data-shown-when]")) {
    const conditions = Object.entries(JSON.parse(part.dataset.shownWhen));
    part.hidden = !conditions.every(([name, wanted]) => valueOf(form, name).some(value => wanted.includes(value)));
    for (const control of part.querySelectorAll("input, select, textarea")) control.disabled = part.hidden;
  }
}
for (const form of document.querySelectorAll("form:has([data-shown-when])")) {
  showFields(form);
  for (const kind of ["input", "change"]) form.addEventListener(kind, () => showFields(form));
}
