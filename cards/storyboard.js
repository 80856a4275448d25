"use strict";
// The storyboard page: addresses, movies, texts and questions. Texts of the run reach the page through textContent only,
// never as markup. The timeline and what moves in time follow in storyboard_timeline.js: both are one script on the page.

const MIN_FRAME_PX = 64;
const TICK_MS = 40;
const VOICES = ["#ff8a6b", "#6cc4ff", "#ffd166", "#9be08a", "#d6a2ff", "#7fe3d4", "#ff9ecb", "#c9b79c"];
const byId = (id) => document.getElementById(id);
const read = (node) => JSON.parse(node.textContent);
const page = read(byId("page"));
const heads = [...document.querySelectorAll("script.head")].map(read);
const bodies = new Map();
const state = { movie: null, time: 0, playing: null, tab: "story", question: null, filter: "all", boxes: false };
let view = {};

function el(tag, props = {}, ...children) {
  const svg = tag === "svg" || tag === "path";
  const node = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key.startsWith("--")) node.style.setProperty(key, value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

const icon = (d) => el("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, el("path", { d }));
const plural = (n, word) => `${n.toLocaleString("en")} ${word}${n === 1 ? "" : "s"}`;
const words = (text) => text.replaceAll("_", " ");
const inside = (t, [start, end]) => start <= t && t < end;
const inOrder = (spans) => [...spans].sort((a, b) => a[0] - b[0]);
const touch = (a, b) => a[0] < b[1] && b[0] < a[1];

function clock(s, tenths = false) {
  const whole = Math.floor(s + 1e-6);
  const [h, m, sec] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, String(whole % 60).padStart(2, "0")];
  const rest = tenths && s - whole > 0.049 ? "." + Math.floor((s - whole) * 10 + 1e-6) : "";
  return (h ? `${h}:${String(m).padStart(2, "0")}` : m) + ":" + sec + rest;
}

const range = ([start, end]) => `${clock(start, true)} – ${clock(end, true)}`;

function hours(s) {
  const [h, m, sec] = [Math.floor(s / 3600), Math.floor(s / 60) % 60, Math.round(s % 60)];
  return h ? `${h} h ${m} min` : m ? `${m} min ${sec} s` : `${sec} s`;
}

function picture(frame, props = {}) {
  return frame.image
    ? el("img", { src: frame.image, alt: frame.caption, decoding: "async", ...props })
    : el("span", { class: "blank", role: "img", "aria-label": frame.caption });
}

// ---------------------------------------------------------------- where we are: #m00003, #m00003-q004, #m00003-c00-s01-k02

function bodyOf(id) {
  if (!bodies.has(id)) {
    const body = read(byId("body-" + id));
    body.frameOf = new Map(body.frames.map((frame) => [frame.id, frame]));
    body.lineOf = new Map(body.lines.map((line) => [line.id, line]));
    body.voice = new Map(body.people.map((who, i) => [who.id, { name: who.name, colour: VOICES[i % VOICES.length] }]));
    bodies.clear();
    bodies.set(id, body);
  }
  return bodies.get(id);
}

function route() {
  const target = decodeURIComponent(location.hash.slice(1));
  const head = heads.find((item) => target === item.id || target.startsWith(item.id + "-"));
  pause();
  if (head) openMovie(head, target);
  else if (heads.length === 1 && target !== "all") openMovie(heads[0], "");
  else openProgramme();
  document.documentElement.dataset.ready = state.movie ? state.movie.id : "programme";
}

function openMovie(head, target) {
  const body = bodyOf(head.id);
  const question = body.questions.find((item) => item.id === target);
  const frame = body.frameOf.get(target);
  Object.assign(state, { movie: head, body, question: null, filter: "all", time: frame ? frame.span[0] : 0 });
  if (question) state.tab = "questions";
  document.title = `${head.title}: storyboard`;
  drawBar();
  drawMovie();
  drawDock();
  layOut();
  seek(state.time);
  window.scrollTo(0, 0);
  if (question) {
    select(question, false);
    view.cards.get(question.id).item.scrollIntoView({ block: "center" });
  }
}

function openProgramme() {
  state.movie = null;
  document.title = `${page.title}: storyboard`;
  byId("dock").hidden = true;
  drawBar();
  byId("main").replaceChildren(
    el("header", { class: "cover" }, el("h1", {}, page.title), coverLine()),
    el("ol", { class: "programme" }, heads.map(drawPoster)),
    page.listed.length ? drawUnshown() : ""
  );
  window.scrollTo(0, 0);
}

function coverLine() {
  return el("p", {}, el("b", {}, plural(page.movies, "movie")), ` of ${hours(page.duration)} in all, told in `,
    el("b", {}, plural(page.keyframes, "keyframe")), " and ", el("b", {}, plural(page.lines, "line")), " of dialogue, with ",
    el("b", {}, plural(page.questions, "question")), ". Open a movie, then a question: the evidence lights up on its timeline.");
}

function drawPoster(head, i) {
  return el("li", {}, el("a", { href: "#" + head.id },
    el("div", { class: "poster" }, head.poster ? el("img", { src: head.poster, alt: "", loading: "lazy" }) : ""),
    el("p", { class: "kicker" }, el("span", {}, `${i + 1} · ${head.genre}`), el("span", { class: "time" }, clock(head.duration))),
    el("h2", {}, head.title), el("p", {}, head.logline)));
}

function drawUnshown() {
  const rest = page.movies - page.shown - page.listed.length;
  return el("section", { class: "unshown" },
    el("p", {}, `${page.shown.toLocaleString("en")} of ${plural(page.movies, "movie")} are shown on this page. To see another: `,
      el("code", {}, `moviellm view RUN --movie ${page.listed[0][0]}`)),
    el("ol", {}, page.listed.map(([id, title]) => el("li", {}, el("span", { class: "time" }, id), " ", title))),
    rest > 0 ? el("p", {}, `and ${plural(rest, "more movie")}`) : "");
}

function drawBar() {
  const at = heads.indexOf(state.movie);
  const go = (head, label, sign) => (head ? el("a", { href: "#" + head.id, "aria-label": `${label}: ${head.title}` }, sign) : "");
  const many = heads.length > 1 || page.listed.length > 0;
  byId("bar").replaceChildren(
    many && state.movie ? el("a", { class: "home", href: "#all" }, page.title) : el("span", { class: "home" }, state.movie ? page.title : "Storyboard"),
    el("span", { class: "space" }),
    state.movie && many
      ? el("nav", { "aria-label": "Movies" }, el("a", { href: "#all" }, "All movies"), go(heads[at - 1], "Previous movie", "←"),
        el("span", {}, `${at + 1} of ${heads.length}`), go(heads[at + 1], "Next movie", "→"))
      : state.movie ? el("span", { class: "kicker" }, "Storyboard") : "");
}

// ---------------------------------------------------------------- one movie: stage, texts

function drawMovie() {
  const { movie, body } = state;
  const [width, height] = body.frames.length ? body.frames[0].size : [16, 9];
  document.documentElement.style.setProperty("--shape", (width / height).toFixed(4));
  view = { cards: new Map(), said: new Map() };
  view.image = el("img", { alt: "" });
  view.boxes = el("div", {});
  view.subtitle = el("p", { class: "subtitle", hidden: true });
  view.stage = el("div", { class: "stage" }, view.image, view.boxes, view.subtitle);
  view.play = el("button", { class: "play", "aria-label": "Play", onclick: toggle }, icon(PLAY));
  view.now = el("b", {});
  view.boxButton = el("button", { "aria-pressed": "false", onclick: toggleBoxes }, "Boxes");
  view.caption = el("p", { class: "caption" });
  const controls = el("div", { class: "controls" }, view.play,
    el("button", { "aria-label": "Previous keyframe", title: "Previous keyframe", onclick: () => step(-1) }, icon("M7 5h2.5v14H7zM19 5v14L10 12z")),
    el("button", { "aria-label": "Next keyframe", title: "Next keyframe", onclick: () => step(1) }, icon("M14.5 5H17v14h-2.5zM5 5v14l9-7z")),
    el("p", { class: "time" }, view.now, " / " + clock(movie.duration)), el("span", { class: "space" }),
    body.frames.some((frame) => frame.boxes.length) ? view.boxButton : "",
    document.fullscreenEnabled ? el("button", { "aria-label": "Full screen", title: "Full screen",
      onclick: () => view.stage.requestFullscreen() }, icon("M4 4h6v2H6v4H4zM14 4h6v6h-2V6h-4zM4 14h2v4h4v2H4zM18 14h2v6h-6v-2h4z")) : "",
    movie.film ? el("a", { href: movie.film }, "Film") : "");
  byId("main").replaceChildren(el("article", { class: "movie" },
    el("div", { class: "theatre" }, view.stage, controls, view.caption),
    el("div", { class: "text" }, drawTitle(), drawTabs())));
  showTab(state.tab);
}

const PLAY = "M7 4.5v15l13-7.5z";
const PAUSE = "M6 5h4.2v14H6zM13.8 5H18v14h-4.2z";

function drawTitle() {
  const { movie, body } = state;
  return [
    el("p", { class: "kicker" }, [movie.genre, movie.style].filter(Boolean).join(" · ")),
    el("h1", {}, movie.title),
    el("p", { class: "logline" }, movie.logline),
    el("p", { class: "facts" }, [clock(movie.duration), plural(body.frames.length, "keyframe"), plural(body.lines.length, "line"),
      plural(body.events.length, "event"), page.width < 300 ? `pictures made smaller, ${page.width} px wide` : null].filter(Boolean).map((text) => el("span", {}, text))),
  ];
}

function drawTabs() {
  const { body } = state;
  const tabs = [["story", "Story", null], ["questions", "Questions", body.questions.length], ["script", "Script", null]];
  view.tabs = tabs.map(([id, label, count]) => el("button", { role: "tab", id: "tab-" + id, "aria-controls": "panel-" + id,
    onclick: () => showTab(id), onkeydown: (event) => turnTab(event, tabs.findIndex((tab) => tab[0] === id)) },
  label, count === null ? null : el("small", {}, String(count))));
  const draw = { story: drawStory, questions: drawQuestions, script: drawScript };
  view.panels = tabs.map(([id]) => el("div", { class: "panel " + id, role: "tabpanel", id: "panel-" + id,
    "aria-labelledby": "tab-" + id }, draw[id]()));
  return [el("div", { class: "tabs", role: "tablist", "aria-label": "About this movie" }, view.tabs), ...view.panels];
}

function turnTab(event, at) {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!by) return;
  event.stopPropagation();
  const next = view.tabs[(at + by + view.tabs.length) % view.tabs.length];
  next.click();
  next.focus();
}

function showTab(id) {
  state.tab = id;
  view.tabs.forEach((tab, i) => {
    const on = tab.id === "tab-" + id;
    tab.setAttribute("aria-selected", on);
    tab.tabIndex = on ? 0 : -1;
    view.panels[i].hidden = !on;
  });
}

function drawStory() {
  const { movie, body } = state;
  const pairs = (rows) => el("dl", { class: "pairs" }, rows.map(([term, text]) => el("div", {}, el("dt", {}, term), el("dd", {}, text))));
  return [
    el("p", { class: "prose" }, body.synopsis),
    el("h2", {}, "Cast"), el("ul", { class: "cast" }, body.people.map(drawPerson)),
    el("h2", {}, "Places"), pairs(body.places.map((place) => [place.name, place.description])),
    el("h2", {}, "How it was made"),
    pairs([["Theme", movie.theme], body.style ? ["Style", `${body.style.id}, ${body.style.keyword}: ${body.style.description}`] : null,
      ["Seed", String(body.seed)], ...body.made.map((part) => [words(part.stage), `${part.model}, ${part.revision.slice(0, 12)}`])]
      .filter(Boolean)),
  ];
}

function drawPerson(who) {
  return el("li", {},
    who.portrait ? el("img", { src: who.portrait, alt: `${who.name}: ${who.appearance}` })
      : el("span", { class: "blank", "aria-hidden": "true" }, [...who.name][0] || ""),
    el("div", {}, el("h3", {}, who.name, el("small", {}, who.role)), el("p", {}, who.description), el("p", {}, who.appearance)));
}

function drawScript() {
  const { body } = state;
  const acts = body.events.length ? body.events : body.frames;
  return body.chapters.flatMap((chapter) => [
    el("h2", {}, chapter.title), el("p", { class: "summary" }, chapter.summary),
    ...chapter.scenes.flatMap((scene) => [el("h3", {}, scene.heading), ...drawRows(acts, scene.span)]),
  ]);
}

function drawRows(acts, span) {
  const rows = [...acts.map((item) => [item, false]), ...state.body.lines.map((item) => [item, true])]
    .filter(([item]) => inside(item.span[0], span)).sort((a, b) => a[0].span[0] - b[0].span[0]);
  return rows.map(([item, spoken]) => {
    const text = spoken ? el("span", { class: "say" }, el("b", {}, speaker(item).name), item.text) : el("span", { class: "act" }, item.caption);
    const row = el("button", { onclick: () => seek(item.span[0]) }, el("span", { class: "time" }, clock(item.span[0])), text);
    view.said.set(item.id, row);
    return row;
  });
}

const speaker = (line) => state.body.voice.get(line.who) || { name: "Narrator", colour: "#c9c2b6" };

// ---------------------------------------------------------------- questions

function drawQuestions() {
  const { body } = state;
  if (!body.questions.length) return [el("p", { class: "prose" }, "No question has been asked of this movie.")];
  const types = new Map();
  for (const question of body.questions) types.set(question.type, (types.get(question.type) || 0) + 1);
  const chip = (type, count) => el("button", { "aria-pressed": String(type === "all"), "data-type": type, onclick: () => filter(type) },
    words(type), el("small", {}, String(count)));
  view.filters = [chip("all", body.questions.length), ...[...types].map(([type, count]) => chip(type, count))];
  return [
    el("div", { class: "filters", role: "group", "aria-label": "Show questions of a type" }, view.filters),
    el("ol", { class: "questions" }, body.questions.map(drawQuestion)),
  ];
}

function drawQuestion(question, i) {
  const start = firstMoment(question);
  const ask = el("button", { class: "ask", "aria-expanded": "false", onclick: () => select(state.question === question ? null : question) },
    el("span", { class: "number" }, String(i + 1)), el("span", { class: "q" }, question.question),
    el("span", { class: "time" }, start === null ? "" : clock(start)),
    el("span", { class: "kicker" }, `${words(question.type)} · ${words(question.format)}`));
  const choices = question.options.length ? el("ol", { class: "choices" }, question.options.map((text, at) =>
    el("li", { "data-right": at === question.right }, el("b", {}, String.fromCharCode(65 + at)), text))) : null;
  const item = el("li", { id: question.id }, el("h3", {}, ask), choices);
  view.cards.set(question.id, { item, ask, reveal: null });
  return item;
}

function firstMoment(question) {
  const { body } = state;
  const starts = [...question.frames.map((id) => body.frameOf.get(id)), ...question.lines.map((id) => body.lineOf.get(id))]
    .filter(Boolean).map((item) => item.span[0]).concat(question.evidence.map((span) => span[0]));
  return starts.length ? Math.min(...starts) : null;
}

function drawReveal(question) {
  const { body } = state;
  const shots = question.frames.map((id) => body.frameOf.get(id)).filter(Boolean);
  const lines = question.lines.map((id) => body.lineOf.get(id)).filter(Boolean);
  const told = question.format === "dense_captioning"
    ? body.events.filter((event) => question.evidence.some((span) => touch(event.span, span))) : [];
  const row = (item, text) => el("li", {}, el("button", { onclick: () => seek(item.span[0]) },
    el("span", { class: "time" }, range(item.span)), text));
  return el("div", { class: "reveal" },
    question.options.length || told.length ? null : el("p", { class: "answer" }, question.answer),
    told.length ? el("ol", { class: "told" }, told.map((event) => row(event, el("span", {}, event.caption)))) : null,
    told.length ? null : el("div", { class: "where spans" }, question.evidence.length
      ? inOrder(question.evidence).map((span) => el("button", { onclick: () => seek(span[0]) }, range(span)))
      : el("em", {}, "Nothing in the movie tells.")),
    lines.length ? el("ul", { class: "quotes" }, lines.map((line) => row(line, el("span", {}, el("b", {}, speaker(line).name + " "), line.text)))) : null,
    shots.length && !told.length ? el("ul", { class: "shots" }, shots.map((frame) => el("li", {}, el("button", { onclick: () => seek(frame.span[0]) },
      picture(frame, { loading: "lazy" }), el("span", { class: "time" }, clock(frame.span[0])))))) : null);
}

function filter(type) {
  state.filter = type;
  for (const button of view.filters) button.setAttribute("aria-pressed", String(button.dataset.type === type));
  for (const question of state.body.questions) view.cards.get(question.id).item.hidden = type !== "all" && question.type !== type;
}

function select(question, remember = true) {
  const before = state.question && view.cards.get(state.question.id);
  if (before) {
    before.item.classList.remove("open");
    before.ask.setAttribute("aria-expanded", "false");
    before.reveal.remove();
    for (const choice of before.item.querySelectorAll(".right")) choice.classList.remove("right");
  }
  state.question = question;
  if (remember) history.replaceState(null, "", "#" + (question ? question.id : state.movie.id));
  light(question);
  if (!question) return say("");
  showTab("questions");
  if (state.filter !== "all" && state.filter !== question.type) filter("all");
  const card = view.cards.get(question.id);
  card.reveal = drawReveal(question);
  card.item.append(card.reveal);
  card.item.classList.add("open");
  card.ask.setAttribute("aria-expanded", "true");
  for (const choice of card.item.querySelectorAll("[data-right]")) choice.classList.add("right");
  const start = firstMoment(question);
  if (start !== null) seek(start);
  say(`Answer: ${question.answer}. Evidence: ${question.evidence.map((span) => `${clock(span[0])} to ${clock(span[1])}`).join(", ") || "none"}`);
}

const say = (text) => { byId("status").textContent = text; };

function light(question) {
  const frames = new Set(question ? question.frames : []);
  const lines = new Set(question ? question.lines : []);
  const spans = question ? question.evidence : [];
  const events = new Set(question && question.format === "dense_captioning"
    ? state.body.events.filter((event) => spans.some((span) => touch(event.span, span))).map((event) => event.id) : []);
  const wide = frames.size + lines.size === 0;
  view.lanes.classList.toggle("dimmed", spans.length > 0);
  for (const [id, node] of view.frames) {
    node.classList.toggle("lit", frames.has(id));
    node.classList.toggle("within", wide && spans.some((span) => touch(span, state.body.frameOf.get(id).span)));
  }
  for (const [id, node] of view.chips) node.classList.toggle("lit", lines.has(id) || events.has(id));
  for (const [id, node] of view.said) node.classList.toggle("lit", lines.has(id) || events.has(id) || frames.has(id));
  for (const [id, node] of view.pips) node.setAttribute("aria-pressed", String(question !== null && id === question.id));
  view.lights.replaceChildren(...spans.map((span) => el("div", place(span))));
}
