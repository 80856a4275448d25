"""Which answers somebody with one view of a movie cannot rule out, for each kind of form.

    rule(form, view, right, candidates)     # the candidates left, or None for all of them

A question presupposes that what it names happened once. Who cannot settle the answer keeps all that nothing rules
out.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, cast

from moviellm.generation.studio.asking.forms import causes, effects, frame_at, scenes_of, scenes_with
from moviellm.generation.studio.asking.movielog import Event
from moviellm.generation.studio.asking.specs import Form, Value, matching, moment_of, the_event
from moviellm.generation.studio.asking.views import View, may_be, must_be
from moviellm.generation.studio.looks import parse

WHOLE_SHARE = 0.8
"""Share of the events that must be known to sum them up."""


Left = Sequence[Value] | None
"""What a rule leaves; None is everything."""


def _identified(view: View, spec: Mapping[str, str]) -> tuple[list[Event], bool]:
    """Events that a spec may mean for somebody with this view, and whether it must be one of these."""
    sure = [event for event in matching(view.log, spec) if must_be(view.event(event), spec)]
    if sure:
        return sure, True
    may = [event for event in view.log.events if may_be(event, view.event(event), spec)]
    return may, view.complete


def _placed(view: View, spec: Any) -> bool:
    """Whether the point of time that a spec names is known."""
    if not isinstance(spec, Mapping):
        return spec == "end" and view.name != "frame"
    if "weather" in spec:
        return view.name in ("film", "vision", "shuffled")
    found, all_of_them = _identified(view, spec)
    return all_of_them and len(found) == 1


def _field(form: Form, view: View, right: Value, candidates: Sequence[Value]) -> Left:
    found, all_of_them = _identified(view, form["event"])
    if not all_of_them:
        return None
    sure = any(must_be(view.event(event), form["event"]) for event in found)
    values: list[Value] = [] if sure else [None]
    for event in found:
        known = view.event(event)
        if form["field"] in known:
            values.append(known[form["field"]])
        elif known.get("action") in (None, "talk") or event.get(form["field"]) is not None:
            return None
    return values


def _looks(form: Form, view: View, right: Value, candidates: Sequence[Value]) -> Left:
    people = _field(form, view, None, view.log.names)
    if people is None:
        return None
    return [getattr(parse(view.log.looks[name]), form["what"]) for name in people if name in view.log.looks]


def _neighbour(form: Form, view: View, right: Value, candidates: Sequence[Value]) -> Left:
    event = the_event(view.log, form["event"])
    if event is None or not view.ordered or view.name == "frame" or not _placed(view, form["event"]):
        return None
    after = view.log.events[event.index + (1 if form["ask"] == "next" else -1)]
    return _captioned(view, after, candidates)


def _captioned(view: View, event: Event, candidates: Sequence[Value]) -> Left:
    """Captions that an event may have, as far as it is known."""
    known = view.event(event)
    if not known:
        return None
    told = {item.caption: item for item in view.log.events}
    return [text for text in candidates if text in told and may_be(event, known, told[text].fields)]


def _edge(form: Form, view: View, right: Value, candidates: Sequence[Value]) -> Left:
    events = [e for e in view.log.events if form.get("chapter") in (None, view.log.chapter_of[e.scene])]
    if not view.ordered or view.name == "frame" or not events:
        return None
    return _captioned(view, events[-1 if form["ask"] == "ending" else 0], candidates)


def _cause(form: Form, view: View, right: Value, candidates: Sequence[Value]) -> Left:
    event = the_event(view.log, form["event"])
    if event is None or not _placed(view, form["event"]):
        return None
    found = (causes if form["ask"] == "cause" else effects)(view.log, event)
    known = view.event(found[0]) if found else {}
    if form.get("field") == "span" and not (view.ordered and view.name != "frame"):
        return None
    if form.get("field") not in (None, "span", *known):
        return None
    return [right] if known.get("action") == (found[0].get("action") if found else None) else None


def _line(form: Form, view: View, right: Value, candidates: Sequence[Value]) -> Left:
    ordered = view.ordered or form["ask"] == "speaker"
    return [right] if view.lines and ordered else None


def _fact(form: Form, view: View, right: Value, candidates: Sequence[Value]) -> Left:
    return _of_facts(view, form["entity"], form["attribute"], form["when"], right)


def _of_facts(view: View, entity: str, attribute: str, when: Any, right: Value) -> Left:
    told = view.facts(entity, attribute)
    at = moment_of(view.log, when)
    if not told or at is None:
        return None
    values = list(dict.fromkeys(value for _, value, _ in told))
    if values == [right]:
        return values
    if not view.ordered:
        here = {value for position, value, seen in told if seen and position in at and when != "end"}
        return [right] if here == {right} else values if right in values else None
    if view.name == "frame" or not _placed(view, when):
        return None
    past = [row for row in told if row[0] <= at[1]]
    known = [row for row in past if row[2]] or past
    if view.name == "dialogue" and past and past[-1][1] == right:
        return [right]
    return [right] if known and known[-1][1] == right else None


def _belief(form: Form, view: View, right: Value, candidates: Sequence[Value]) -> Left:
    people = [form["entity"]] if form["ask"] == "belief" else [right] if right else []
    at = moment_of(view.log, form["when"])
    topic, log = form["topic"], view.log
    if at is None or not people:
        return None
    place = (topic, "at") if topic in log.looks else (topic, "where")
    asked = [(person, f"knows:{topic}") for person in people] + [place]
    for entity, attribute in asked:
        value = log.value(entity, attribute, at[0])
        if _of_facts(view, entity, attribute, form["when"], value) != [value]:
            return None
    return [right]


def _between(candidates: Sequence[Value], least: int, most: int | None = None) -> list[Value]:
    """Numbers that are possible; what is no number stays."""
    return [n for n in candidates if not isinstance(n, int) or (least <= n and (most is None or n <= most))]


def _count(form: Form, view: View, right: Value, candidates: Sequence[Value]) -> Left:
    spec = form["event"]
    sure = sum(must_be(view.event(event), spec) for event in view.log.events)
    may = sum(may_be(event, view.event(event), spec) for event in view.log.events)
    return [right] if view.complete and may == sure else _between(candidates, sure, may if view.complete else None)


def _count_scenes(form: Form, view: View, right: Value, candidates: Sequence[Value]) -> Left:
    if view.complete:
        return [right]
    speaking = {line.scene for line in view.lines if line.speaker == form["person"]}
    least = len(speaking & set(scenes_with(view.log, form["person"]))) if view.lines else 0
    return _between(candidates, least)


def _count_places(form: Form, view: View, right: Value, candidates: Sequence[Value]) -> Left:
    scenes = set(range(len(view.log.scenes)))
    known = (view.places_shown if view.frames else set()) | view.places_said
    least = len({view.log.scenes[i]["place"] for i in known})
    return [right] if known >= scenes else _between(candidates, least)


def _count_holders(form: Form, view: View, right: Value, candidates: Sequence[Value]) -> Left:
    told = {value for _, value, _ in view.facts(form["object"], "where") if value.startswith("held:")}
    return [right] if view.complete and len(told) == right else _between(candidates, len(told))


def _order(form: Form, view: View, right: Value, candidates: Sequence[Value]) -> Left:
    if not view.ordered or view.name == "frame":
        return None
    placed = {}
    for i, spec in enumerate(form["events"]):
        event = the_event(view.log, spec)
        if event is not None and _placed(view, spec):
            placed[i] = event.index
    if len(placed) < 2:
        return None
    if form["ask"] == "before":
        return [right]
    ranked = sorted(placed, key=lambda i: placed[i])
    if form["ask"] == "arrange":
        fitting = (str(item) for item in candidates)
        return [item for item in fitting if [int(i) for i in item.split(",") if int(i) in placed] == ranked]
    ruled_out = ranked[1:] if form["ask"] == "first" else ranked[:-1]
    return [item for item in candidates if item not in ruled_out]


def _span(form: Form, view: View, right: Value, candidates: Sequence[Value]) -> Left:
    if not view.ordered or view.name == "frame":
        return None
    if form["ask"] == "line_span":
        return [right] if view.lines else None
    if form["ask"] == "span":
        return [right] if _placed(view, form["event"]) else None
    told = [(position, value) for position, value, _ in view.facts(form["entity"], form["attribute"])]
    rows = view.log.facts[form["entity"], form["attribute"]]
    edges = [row for i, row in enumerate(rows) if form["value"] in (row[1], rows[max(i - 1, 0)][1])]
    return [right] if all((position, value) in told for position, value, index in edges if index is not None) else None


def _setting(form: Form, view: View, right: Value, candidates: Sequence[Value]) -> Left:
    places = (view.places_shown if view.frames else set()) | view.places_said
    scenes = scenes_of(form, view.log)
    scenes = {"first": scenes[:1], "last": scenes[-1:]}.get(form["which"], scenes)
    ordered = view.ordered or form["which"] == "most"
    return [right] if ordered and view.name != "frame" and set(scenes) <= places else None


def _seen(form: Form, view: View, right: Value, candidates: Sequence[Value]) -> Left:
    frame = frame_at(view.log, form["time"])
    if frame is None:
        return None
    if frame in view.frames:
        return [right]
    spoken = [line for line in view.lines if line.span[0] < frame.span[1] and frame.span[0] < line.span[1]]
    what = form["what"]
    if what == "who":
        return [right] if right in {line.speaker for line in spoken} else None
    if what == "place":
        return [right] if frame.scene in view.places_said else None
    if what in ("holding", "lying"):
        lines = [line for line in view.lines if line.scene == frame.scene]
        told = any(view.log.mentions(line.text, right) for line in lines)
        value = f"held:{form['person']}" if what == "holding" else f"at:{view.log.scenes[frame.scene]['place']}"
        past = [row for row in view.facts(str(right), "where") if row[0] <= view.log.scene_position(frame.scene) + 1]
        return [right] if told or (past and past[-1][1] == value) else None
    if what in ("time_of_day", "weather", "feeling"):
        lines = [line for line in view.lines if line.scene == frame.scene]
        return [right] if any(str(right) in line.text.lower() for line in lines) else None
    if what in ("open", "lit", "broken"):
        return [right] if view.facts(form["object"], what) else None
    return None


def whole(form: Form, view: View, right: Value, candidates: Sequence[Value]) -> Left:
    """Summaries and lists of events: who knows most of what happens, in order, may know the answer."""
    chapter = form.get("chapter")
    events = [e for e in view.log.events if chapter in (None, view.log.chapter_of[e.scene])]
    known = sum(view.event(event).get("action") == event.get("action") for event in events)
    ordered = view.ordered or form["ask"] in ("overview", "premise")
    enough = known >= WHOLE_SHARE * len(events) and view.name != "frame"
    return [right] if ordered and (enough or view.name == "film") else None


Rule = Callable[[Form, View, Value, Sequence[Value]], Left]


RULES: Final[Mapping[str, Rule]] = {
    **dict.fromkeys(("next", "previous"), cast(Rule, _neighbour)),
    **dict.fromkeys(("ending", "beginning"), cast(Rule, _edge)),
    **dict.fromkeys(("cause", "effect"), cast(Rule, _cause)),
    **dict.fromkeys(("speaker", "reply"), cast(Rule, _line)),
    **dict.fromkeys(("belief", "knower"), cast(Rule, _belief)),
    **dict.fromkeys(("first", "last", "arrange", "before"), cast(Rule, _order)),
    **dict.fromkeys(("span", "fact_span", "line_span"), cast(Rule, _span)),
    "event": _field, "looks": _looks, "fact": _fact, "count": _count, "count_scenes": _count_scenes,
    "count_places": _count_places, "count_holders": _count_holders, "setting": _setting, "seen": _seen,
}  # fmt: skip
