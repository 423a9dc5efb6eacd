// Ticking rows: the action bar, ranges with shift, all on this page, all that match. Also the list on small screens.

const form = document.getElementById("rows");
const bar = form?.querySelector(".action-bar");

function tickable() {
  const ticks = [...form.querySelectorAll("input[name=row]")];
  const page = form.querySelector("[data-tick-page]");
  const all = form.querySelector("input[name=all_matching]");
  const count = bar.querySelector(".action-count");
  let last = null; // where a range starts

  function update() {
    const ticked = ticks.filter(tick => tick.checked).length;
    page.checked = ticked === ticks.length;
    page.indeterminate = ticked > 0 && ticked < ticks.length;
    bar.classList.toggle("open", ticked > 0);
    count.textContent = !ticked ? "" : all?.checked ? count.dataset.all : count.dataset.some.replace("{n}", ticked);
  }

  function tickEvery(checked) {
    for (const tick of ticks) tick.checked = checked;
    if (all && !checked) all.checked = false;
    update();
  }

  form.addEventListener("click", event => {
    const cell = event.target.closest("td");
    const tick = cell?.querySelector("input[name=row]");
    if (!tick) return;
    if (event.target === cell) tick.checked = !tick.checked; // the whole cell is the target, not only the box
    if (event.shiftKey && last) {
      const [from, to] = [ticks.indexOf(last), ticks.indexOf(tick)].sort((a, b) => a - b);
      for (const between of ticks.slice(from, to + 1)) between.checked = tick.checked;
    }
    last = tick;
    if (all && !tick.checked) all.checked = false;
    update();
  });
  // Shift-click would also select the text between the two rows.
  form.addEventListener("mousedown", event => { if (event.shiftKey && event.target.closest("td")) event.preventDefault() });

  page.addEventListener("change", () => tickEvery(page.checked));
  all?.addEventListener("change", () => { if (all.checked) tickEvery(true); else update() });
  form.querySelector("[data-untick]").addEventListener("click", () => { tickEvery(false); page.focus() });
  document.addEventListener("keydown", event => {
    if (event.key === "Escape" && !event.defaultPrevented) tickEvery(false);
  });
  addEventListener("pageshow", update); // browsers bring ticks back when one returns to the page
  if (page.checked) tickEvery(true); // somebody was faster than this script
  else update();
}

// Cards need the column's name beside each value; sent with every cell it would double the page.
// What heads a card is what the row is called, else its first column; that one needs no name.
function labelCells(table) {
  const columns = [...table.tHead.rows[0].cells];
  const head = columns.find(column => column.dataset.kind === "label") ?? columns.find(column => column.scope);
  for (const row of table.tBodies[0].rows) {
    columns.forEach((column, i) => {
      if (column === head) row.cells[i].classList.add("card-head");
      else if (column.scope) row.cells[i].dataset.label = column.textContent.trim();
    });
  }
}

// `display: block` takes a table's meaning away in some browsers; roles give it back.
function nameRoles(table) {
  table.setAttribute("role", "table");
  for (const part of table.querySelectorAll("tbody")) part.setAttribute("role", "rowgroup");
  for (const row of table.querySelectorAll("tr")) row.setAttribute("role", "row");
  for (const cell of table.querySelectorAll("td")) cell.setAttribute("role", "cell");
  for (const cell of table.querySelectorAll("tbody th")) cell.setAttribute("role", "rowheader");
}

if (bar) tickable();
for (const table of document.querySelectorAll("table.list")) {
  const narrow = matchMedia("(max-width: 47.99rem)");
  const asCards = () => { if (narrow.matches && !table.role) { labelCells(table); nameRoles(table) } };
  narrow.addEventListener("change", asCards);
  asCards();
  const scroller = table.parentElement;
  new ResizeObserver(() => scroller.classList.toggle("fits", table.offsetWidth <= scroller.clientWidth)).observe(scroller);
}
