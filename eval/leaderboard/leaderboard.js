// The page of the leaderboard. Gradio runs this for each of its HTML parts, with `element` and `server`: the rows are
// filtered and sorted here, everything else is asked of the server, which answers with HTML of our templates.
const all = (selector, place = element) => [...place.querySelectorAll(selector)];
const one = (selector, place = element) => place.querySelector(selector);
const PICKS = 4;

// --- the table
const state = { col: "0", down: true };

const filtered = () => {
  const form = one(".lb-tools");
  if (!form || !one(".lb-table")) return;
  const want = Object.fromEntries(new FormData(form));
  const words = (want.text || "").toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  const rows = all(".lb-row");
  for (const row of rows) {
    const { track, size, subtitles, seen, base, text } = row.dataset;
    const is = (name, value) => want[name] === "*" || base === "1" || want[name] === value;
    const fits = words.every((word) => text.includes(word)) && is("track", track) && is("size", size)
      && is("subtitles", subtitles) && (want.baselines || base === "0") && (want.seen || seen === "0");
    row.hidden = !fits;
    shown += fits ? 1 : 0;
    if (!fits) fold(row, false);
  }
  one(".lb-count").textContent = shown === rows.length ? `${shown} rows` : `${shown} of ${rows.length} rows`;
  one(".lb-none").hidden = shown > 0;
};

const sorted = () => {
  const body = one(".lb-table tbody");
  if (!body) return;
  const key = (row) => state.col === "name"
    ? row.dataset.name.toLowerCase() : +row.querySelector(`.lb-num[data-col="${state.col}"]`).dataset.value;
  const rows = all(".lb-row").map((row) => [key(row), row, row.nextElementSibling]);
  const sign = state.down ? -1 : 1;
  const last = (row) => +(row.dataset.key === "oracle"); // the ceiling is no competitor: always below
  rows.sort(([a, first], [b, second]) =>
    last(first) - last(second) || (typeof a === "string" ? a.localeCompare(b) : a - b) * sign);
  body.replaceChildren(...rows.flatMap(([, row, more]) => [row, more]));
  for (const head of all("th[data-col]")) {
    if (head.dataset.col === state.col) head.setAttribute("aria-sort", state.down ? "descending" : "ascending");
    else head.removeAttribute("aria-sort");
  }
  const rank = state.col === "name" ? "0" : state.col; // the rank is that of the number that is sorted by
  for (const told of all("[data-rank]")) told.hidden = told.dataset.rank !== rank;
  for (const cell of all(".lb-num")) cell.classList.toggle("lb-by", cell.dataset.col === state.col);
  const select = one("select[name=sort]");
  if (select) select.value = state.col;
};

const fold = (row, open) => {
  const button = one(".lb-name", row), more = row.nextElementSibling;
  const will = open ?? more.hidden;
  more.hidden = !will;
  button.setAttribute("aria-expanded", String(will));
};

// --- what is asked of the server
const turn = {};
const ask = async (name, wish, to) => {
  const place = one(`[data-into="${to}"]`), mine = (turn[to] = (turn[to] || 0) + 1);
  if (!place) return;
  place.setAttribute("aria-busy", "true");
  let told;
  try {
    told = await server[name](JSON.stringify(wish));
  } catch (error) {
    told = null;
  }
  if (turn[to] !== mine) return; // a later question was faster
  place.removeAttribute("aria-busy");
  if (typeof told === "string") place.innerHTML = told;
  else place.textContent = "The server does not answer; try again.";
  return place;
};
const asked = (form) => ask(form.dataset.ask, Object.fromEntries(new FormData(form)), form.dataset.to);
const drawn = () => ask("plots", all(".lb-pick input:checked").map((box) => box.value), "plots");

// --- events: one listener of a kind, since Gradio puts the HTML there anew as it likes
let waiting;
const soon = (act) => { clearTimeout(waiting); waiting = setTimeout(act, 250); };

element.addEventListener("input", (event) => {
  const form = event.target.closest("form");
  if (!form || event.target.name !== "text") return;
  if (form.dataset.ask) { form.elements.page.value = 0; soon(() => asked(form)); } else filtered();
});
element.addEventListener("change", (event) => {
  const box = event.target;
  if (box.matches(".lb-pick input")) {
    const picked = all(".lb-pick input:checked");
    if (picked.length > PICKS) picked.find((other) => other !== box).checked = false;
    drawn();
    return;
  }
  const form = box.closest("form");
  if (!form || box.name === "text") return;
  if (box.name === "sort") { state.col = box.value; state.down = box.value !== "name"; sorted(); }
  else if (form.dataset.ask) { if (form.elements.page) form.elements.page.value = 0; asked(form); }
  else filtered();
});
element.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button || button.disabled) return;
  const head = button.closest("th[data-col]");
  if (head) {
    const { col } = head.dataset;
    state.down = state.col === col ? !state.down : col !== "name";
    state.col = col;
    sorted();
  } else if (button.matches(".lb-name")) {
    fold(button.closest(".lb-row"));
  } else if (button.matches(".lb-swap")) {
    const { a, b } = button.form.elements;
    [a.value, b.value] = [b.value, a.value];
    asked(button.form);
  } else if (button.dataset.page) {
    const form = one("form[data-ask=questions]");
    form.elements.page.value = button.dataset.page;
    await asked(form);
    form.scrollIntoView({ block: "start" });
  } else if (button.dataset.item) {
    for (const other of all("[data-item]")) other.toggleAttribute("aria-current", other === button);
    const place = await ask("question", button.dataset.item, "item");
    const title = place && one("h2", place);
    if (title) { title.focus({ preventScroll: true }); if (place.getBoundingClientRect().top > innerHeight * 0.6 || place.getBoundingClientRect().top < 0) place.scrollIntoView({ block: "start", behavior: "smooth" }); }
  }
});

// Also after Gradio has put new HTML there.
const start = () => {
  if (one(".lb-table") && !one(".lb-table").dataset.ready) {
    one(".lb-table").dataset.ready = "1";
    state.col = "0"; state.down = true;
    sorted();
    filtered();
  }
};
new MutationObserver(start).observe(element, { childList: true, subtree: true });
start();
