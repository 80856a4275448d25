// The storyboard page, second half of its script: the strip of film at the foot of the window, and time.

function place([start, end]) {
  const whole = state.movie.duration;
  return { "--x": `${(100 * start) / whole}%`, "--w": `${(100 * (end - start)) / whole}%` };
}

function drawDock() {
  const { body } = state;
  const lane = (name, kind, items) => el("div", { class: "lane " + kind }, el("span", { class: "name" }, name), el("div", { class: "track" }, items));
  view.frames = new Map(body.frames.map((frame) => [frame.id, drawFrame(frame)]));
  view.chips = new Map([...body.lines.map((line) => [line.id, drawLine(line)]), ...body.events.map((event) => [event.id, drawEvent(event)])]);
  view.pips = new Map(body.questions.map((question, i) => [question.id, el("button", { class: "pip", "aria-pressed": "false",
    "aria-label": `Question ${i + 1}: ${question.question}`, title: question.question,
    onclick: () => { select(question); view.cards.get(question.id).item.scrollIntoView({ block: "nearest" }); } },
  el("span", {}, String(i + 1)))]));
  const part = (kind) => (item) => el("span", { class: "part " + kind, title: item.title || item.heading, ...place(item.span) },
    el("span", {}, item.title || item.heading));
  view.ruler = el("div", { class: "track" });
  view.lights = el("div", { class: "lights" });
  view.head = el("div", {});
  view.lanes = el("div", { class: "lanes" },
    el("div", { class: "lane ruler" }, el("span", { class: "name" }), view.ruler),
    lane("Chapters", "chapters", body.chapters.map(part("chapter"))),
    lane("Scenes", "scenes", body.chapters.flatMap((chapter) => chapter.scenes).map(part("scene"))),
    lane("Keyframes", "strip", [...view.frames.values()]),
    lane("Lines", "spoken", body.lines.map((line) => view.chips.get(line.id))),
    lane("Events", "happens", body.events.map((event) => view.chips.get(event.id))),
    lane("Questions", "asked", [...view.pips.values()]),
    view.lights, el("div", { class: "head-line" }, view.head));
  view.peek = el("div", { class: "peek", hidden: true });
  view.rail = el("div", { class: "rail", tabindex: "-1" }, view.lanes);
  byId("dock").replaceChildren(view.rail, view.peek);
  byId("dock").hidden = false;
}

function drawFrame(frame) {
  return el("button", { class: "frame", "data-id": frame.id, "aria-label": `${clock(frame.span[0])}, ${frame.caption}`,
    onclick: () => seek(frame.span[0]), onpointerenter: (event) => event.pointerType === "mouse" && peek(event.currentTarget, frame),
    onpointerleave: () => { view.peek.hidden = true; }, ...place(frame.span) }, picture(frame, { alt: "", loading: "lazy" }));
}

function drawLine(line) {
  const voice = speaker(line);
  return el("button", { class: "chip voice", "data-id": line.id, title: `${voice.name}: ${line.text}`, "--voice": voice.colour,
    onclick: () => seek(line.span[0]), ...place(line.span) }, el("span", {}, line.text));
}

function drawEvent(event) {
  return el("button", { class: "chip", "data-id": event.id, title: event.caption, onclick: () => seek(event.span[0]), ...place(event.span) },
    el("span", {}, event.caption));
}

function peek(node, frame) {
  const at = node.getBoundingClientRect();
  view.peek.replaceChildren(picture(frame, { alt: "" }), el("p", {}, frame.caption));
  view.peek.hidden = false;
  const left = Math.min(Math.max(8, at.left + at.width / 2 - 160), document.documentElement.clientWidth - 328);
  view.peek.style.left = `${left}px`;
  view.peek.style.bottom = `${window.innerHeight - at.top + 6}px`;
}

function layOut() {
  if (!state.movie || byId("dock").hidden) return;
  const { body, movie } = state;
  const room = view.rail.clientWidth - parseFloat(getComputedStyle(view.rail).paddingRight) - labelWidth();
  const track = Math.floor(Math.max(room - 1, body.frames.length * MIN_FRAME_PX, 200));
  view.lanes.style.setProperty("--track", `${track}px`);
  const wanted = (movie.duration * 84) / track;
  const stepS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600].find((s) => s >= wanted) || 1200;
  const ticks = Array.from({ length: Math.floor((movie.duration - 1e-6) / stepS) + 1 }, (_, i) => i * stepS);
  view.ruler.replaceChildren(...ticks.map((s) => el("span", { class: "tick", ...place([s, s + stepS]) }, clock(s))));
  packPips(track);
}

function labelWidth() {
  return view.lanes.querySelector(".name").getBoundingClientRect().width;
}

function packPips(track) {
  const pipPx = 23;
  const tight = view.pips.size * pipPx > track;
  const placed = state.body.questions.map((question) => [question, ((firstMoment(question) ?? state.movie.duration) / state.movie.duration) * track]);
  placed.sort((a, b) => a[1] - b[1]);
  let free = 0;
  const xs = placed.map(([, wanted]) => { const x = tight ? wanted : Math.max(wanted, free); free = x + pipPx; return x; });
  let limit = track - pipPx;
  for (let i = xs.length - 1; i >= 0 && !tight; i -= 1) { xs[i] = Math.min(xs[i], limit); limit = xs[i] - pipPx; }
  placed.forEach(([question], i) => view.pips.get(question.id).style.setProperty("--x", `${Math.min(xs[i], track - pipPx)}px`));
}

// ---------------------------------------------------------------- time

function frameAt(t) {
  const { frames } = state.body;
  let [low, high] = [0, frames.length - 1];
  while (low < high) {
    const mid = Math.ceil((low + high) / 2);
    if (frames[mid].span[0] <= t + 1e-6) low = mid;
    else high = mid - 1;
  }
  return frames[low];
}

function seek(t) {
  state.time = Math.min(Math.max(t, 0), state.movie.duration);
  show(true);
}

function show(follow) {
  const { body, movie, time } = state;
  const frame = body.frames.length ? frameAt(time) : null;
  if (frame && frame !== view.frame) {
    if (view.frame && view.frames.has(view.frame.id)) view.frames.get(view.frame.id).removeAttribute("aria-current");
    view.frames.get(frame.id).setAttribute("aria-current", "true");
    view.frame = frame;
    view.image.hidden = !frame.image;
    if (frame.image) view.image.src = frame.image;
    view.image.alt = frame.caption;
    view.caption.replaceChildren(el("span", {}, `${clock(frame.span[0])} · ${words(frame.shot)}`), frame.caption);
    drawBoxes();
  }
  const line = body.lines.find((item) => inside(time, item.span)) || (follow && !state.playing && frame
    ? body.lines.find((item) => touch(item.span, frame.span)) : null);
  if (line !== view.line) {
    view.line = line;
    view.subtitle.hidden = !line;
    view.subtitle.style.setProperty("--voice", line ? speaker(line).colour : "");
    view.subtitle.replaceChildren(...(line ? [el("b", {}, speaker(line).name), line.text] : []));
  }
  view.now.textContent = clock(time);
  view.head.style.setProperty("--x", `${(100 * time) / movie.duration}%`);
  keepInView();
}

function keepInView() {
  const track = parseFloat(view.lanes.style.getPropertyValue("--track"));
  const x = (state.time / state.movie.duration) * track;
  const room = view.rail.clientWidth - labelWidth();
  if (x < view.rail.scrollLeft || x > view.rail.scrollLeft + room - MIN_FRAME_PX) view.rail.scrollLeft = Math.max(0, x - room / 3);
}

function drawBoxes() {
  view.boxes.replaceChildren(...(state.boxes && view.frame ? view.frame.boxes : []).map((box) => {
    const [x, y, w, h] = box.at.map((value) => `${value * 100}%`);
    const node = el("div", { class: "box" }, el("span", {}, box.label));
    Object.assign(node.style, { left: x, top: y, width: w, height: h });
    return node;
  }));
}

function toggleBoxes() {
  state.boxes = !state.boxes;
  view.boxButton.setAttribute("aria-pressed", String(state.boxes));
  drawBoxes();
}

function step(by) {
  const { frames } = state.body;
  const at = frames.indexOf(view.frame) + by;
  if (at >= 0 && at < frames.length) seek(frames[at].span[0]);
}

function toggle() {
  if (state.playing) return pause();
  if (state.time >= state.movie.duration - 0.05) state.time = 0;
  view.play.setAttribute("aria-label", "Pause");
  view.play.replaceChildren(icon(PAUSE));
  let last = performance.now();
  state.playing = setInterval(() => {
    const now = performance.now();
    state.time = Math.min(state.time + (now - last) / 1000, state.movie.duration);
    last = now;
    show(false);
    if (state.time >= state.movie.duration) pause();
  }, TICK_MS);
}

function pause() {
  clearInterval(state.playing);
  state.playing = null;
  if (!view.play) return;
  view.play.setAttribute("aria-label", "Play");
  view.play.replaceChildren(icon(PLAY));
}

addEventListener("hashchange", route);
new ResizeObserver(layOut).observe(byId("dock"));
addEventListener("keydown", (event) => {
  if (!state.movie || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === " " && event.target.closest("button, a, input") === null) { event.preventDefault(); toggle(); }
  else if (event.key === "ArrowRight") step(1);
  else if (event.key === "ArrowLeft") step(-1);
  else if (event.key === "Escape" && state.question) select(null);
});
route();
