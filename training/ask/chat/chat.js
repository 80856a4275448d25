// Times in answers lead into the film. One listener for the whole page: Gradio puts its parts there anew as it likes.
(() => {
  const film = () => document.getElementById("ml-player");
  const line = () => document.querySelector(".ml-line");
  let stop = null; // where a stretch that is being shown ends

  const clock = (time) => {
    const whole = Math.floor(time), two = (value) => String(value).padStart(2, "0");
    const hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60;
    return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
  };
  const part = (time) => `${(100 * Math.min(Math.max(time / line().dataset.duration, 0), 1)).toFixed(3)}%`;

  const goTo = (start, end) => {
    const player = film();
    if (!player) return;
    stop = end;
    player.currentTime = start;
    if (end !== null) player.play().catch(() => {}); // a browser may want a click on the player first
    const box = player.getBoundingClientRect();
    if (box.bottom < 0 || box.top > window.innerHeight) player.scrollIntoView({ block: "center", behavior: "smooth" });
  };

  // The strip shows the times of the last answer that has some.
  const paint = () => {
    const strip = document.querySelector(".ml-strip");
    if (!strip) return;
    const answers = [...document.querySelectorAll(".ml-answer")].reverse();
    const answer = answers.find((one) => one.querySelector(".ml-when"));
    const times = answer && answer === answers[0] ? [...answer.querySelectorAll(".ml-when")] : [];
    const told = times.map((one) => `${one.dataset.start} ${one.dataset.end}`).join();
    if (strip.dataset.told === told) return;
    strip.dataset.told = told;
    strip.replaceChildren(...times.map((one) => {
      const bar = document.createElement("button");
      const { start, end } = one.dataset;
      bar.type = "button";
      bar.dataset.start = start;
      if (end) bar.dataset.end = end;
      bar.className = end ? "ml-bar" : "ml-bar ml-moment";
      bar.title = end ? `${clock(start)} to ${clock(end)}` : clock(start);
      bar.setAttribute("aria-label", bar.title);
      bar.style.left = part(start);
      if (end) bar.style.width = part(end - start);
      return bar;
    }));
    light();
  };

  // Pictures along the film that are in one of those times, and the one that is on screen.
  const light = () => {
    const player = film(), now = player ? player.currentTime : 0;
    const bars = [...document.querySelectorAll(".ml-bar")].map(({ dataset: { start, end } }) => [+start, +(end || start)]);
    const cells = [...document.querySelectorAll(".ml-cell")];
    const starts = cells.map((cell) => +cell.dataset.start);
    cells.forEach((cell, number) => {
      const from = starts[number], to = starts[number + 1] ?? Infinity;
      cell.classList.toggle("ml-lit", bars.some(([start, end]) => start < to && (end > from || start === end && start >= from)));
      if (now >= from && now < to) cell.setAttribute("aria-current", "true");
      else cell.removeAttribute("aria-current");
    });
    const head = document.querySelector(".ml-head"), told = document.querySelector(".ml-now");
    if (head) head.style.left = part(now);
    if (told) told.textContent = clock(now);
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-start]");
    if (button) goTo(+button.dataset.start, button.dataset.end ? +button.dataset.end : null);
  });
  document.addEventListener("timeupdate", (event) => { // does not bubble, so it is caught on its way down
    if (event.target.id !== "ml-player") return;
    if (stop !== null && event.target.currentTime >= stop) {
      event.target.pause();
      stop = null;
    }
    light();
  }, true);
  document.addEventListener("seeked", light, true);
  document.addEventListener("pointerdown", (event) => { if (event.target.id === "ml-player") stop = null; }, true);

  new MutationObserver(() => {
    paint();
    const talk = document.querySelector(".ml-talk"), count = talk?.childElementCount ?? 0;
    const told = `${count} ${talk?.lastElementChild?.textContent.length ?? 0}`;
    if (talk && talk.dataset.told !== told) {
      talk.dataset.told = told;
      talk.scrollTop = talk.scrollHeight;
    }
  }).observe(document.documentElement, { childList: true, subtree: true, characterData: true });
})();
