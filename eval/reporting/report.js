// Failures by task, type, level and run. Without this script every failure is shown and the choices are not.
"use strict";
const filters = document.getElementById("filters");
if (filters) {
  const cards = [...document.querySelectorAll(".card")];
  const chosen = [...filters.querySelectorAll("select")];
  const count = filters.querySelector("output");
  const show = () => {
    let shown = 0;
    for (const card of cards) {
      card.hidden = !chosen.every(({ name, value }) => !value || card.dataset[name].split(" ").includes(value));
      shown += card.hidden ? 0 : 1;
    }
    count.textContent = `${shown} of ${cards.length}`;
  };
  const reveal = () => {
    const card = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (card && card.hidden) {
      for (const select of chosen) select.value = "";
      show();
      card.scrollIntoView();
    }
  };
  filters.hidden = false;
  filters.addEventListener("change", show);
  addEventListener("hashchange", reveal);
  show();
}
