"""Logical forms of questions, and what the log of a movie answers to them.

    answer({"ask": "fact", "entity": "silver key", "attribute": "where", "when": "end"}, log)      # 'held:Ada'

A form is a plain dict without ids, so that the same form can be asked of a twin movie. It names an event by a *spec*,
some of its fields; a spec without `variant` means only events that did not fail. The kinds of forms are the keys of
EVALUATORS, each described by its function. None means that the movie does not answer it.

It words nothing (wording.py) and knows no channels (reader.py).
"""

from collections.abc import Callable, Mapping
from typing import Final

from moviellm.generation.studio.asking.facts import belief, fact, fact_span, holders, knower
from moviellm.generation.studio.asking.movielog import Event, Frame, Log
from moviellm.generation.studio.asking.specs import MOVES, Form, Value, matching, the_event
from moviellm.generation.studio.looks import parse


def answer(form: Form, log: Log) -> Value:
    """What the movie answers; None when it does not."""
    return EVALUATORS[form["ask"]](form, log)


def field(form: Form, log: Log) -> Value:
    """`event`, `field`: the value that all events of the spec have."""
    values = {event.get(form["field"]) for event in matching(log, form["event"])}
    return values.pop() if len(values) == 1 else None


def looks(form: Form, log: Log) -> Value:
    """`event`, `field` (of a person), `what`: a feature of how that person looks."""
    person = field(form, log)
    return getattr(parse(log.looks[person]), form["what"]) if person in log.looks else None


def neighbour(form: Form, log: Log) -> Value:
    """`event`: the caption of the event right after (`next`) or right before (`previous`) it."""
    event = the_event(log, form["event"])
    at = None if event is None else event.index + (1 if form["ask"] == "next" else -1)
    return log.events[at].caption if at is not None and 0 <= at < len(log.events) else None


def edge(form: Form, log: Log) -> Value:
    """The caption of the last event (`ending`) or the first (`beginning`), of the movie or of a `chapter`."""
    events = [e for e in log.events if form.get("chapter") in (None, log.chapter_of[e.scene])]
    return (events[-1] if form["ask"] == "ending" else events[0]).caption if events else None


def causes(log: Log, event: Event) -> list[Event]:
    """The direct causes that explain something."""
    found = [log.by_id[key] for key in event.because if key in log.by_id]
    return [item for item in found if item.get("action") not in MOVES]


def effects(log: Log, event: Event) -> list[Event]:
    """The direct effects that are more than a move."""
    return [item for item in log.events if event.event_id in item.because and item.get("action") not in MOVES]


def cause(form: Form, log: Log) -> Value:
    """`event`: the caption of its only direct cause or effect that is not just a move, or a `field` or the `span`
    of that."""
    event = the_event(log, form["event"])
    found = [] if event is None else (causes if form["ask"] == "cause" else effects)(log, event)
    if len(found) != 1:
        return None
    if form.get("field") == "span":
        return list(found[0].span)
    return found[0].get(form["field"]) if "field" in form else found[0].caption


def speaker(form: Form, log: Log) -> Value:
    """`text`: who says it."""
    found = [line for line in log.lines if line.text == form["text"]]
    return found[0].speaker if len(found) == 1 else None


def reply(form: Form, log: Log) -> Value:
    """`text`: the next line of the scene, by somebody else."""
    found = [i for i, line in enumerate(log.lines) if line.text == form["text"]]
    if len(found) != 1 or found[0] + 1 >= len(log.lines):
        return None
    one, two = log.lines[found[0]], log.lines[found[0] + 1]
    return two.text if one.scene == two.scene and two.speaker not in (None, one.speaker) else None


def line_span(form: Form, log: Log) -> Value:
    """`text`: when it is said."""
    found = [line for line in log.lines if line.text == form["text"]]
    return list(found[0].span) if len(found) == 1 else None


def count(form: Form, log: Log) -> Value:
    """`event`: how many events the spec means."""
    return len(matching(log, form["event"]))


def scenes_with(log: Log, person: str) -> list[int]:
    """Scenes in which somebody is in a picture."""
    return sorted({frame.scene for frame in log.frames if person in frame.people})


def extreme(form: Form, log: Log) -> Value:
    """`events`: index of the `first` or `last` of them."""
    found = [the_event(log, spec) for spec in form["events"]]
    at = [event.index for event in found if event is not None]
    if len(at) < len(found) or not at:
        return None
    return at.index(min(at) if form["ask"] == "first" else max(at))


def arrange(form: Form, log: Log) -> Value:
    """`events`: their indices in order of time, `2,0,1`."""
    found = [the_event(log, spec) for spec in form["events"]]
    at = [event.index for event in found if event is not None]
    return ",".join(str(at.index(i)) for i in sorted(at)) if len(at) == len(found) else None


def before(form: Form, log: Log) -> Value:
    """`events` (two): whether the first of them happens first."""
    value = extreme({"ask": "first", "events": form["events"]}, log)
    return None if value is None else ("no" if value else "yes")


def span(form: Form, log: Log) -> Value:
    """`event`: when it is shown."""
    event = the_event(log, form["event"])
    return None if event is None else list(event.span)


def listed(form: Form, log: Log) -> Value:
    """Every event with its time, of the movie or of a `chapter`."""
    events = [e for e in log.events if form.get("chapter") in (None, log.chapter_of[e.scene])]
    return [[*event.span, event.caption] for event in events] or None


def scenes_of(form: Form, log: Log) -> list[int]:
    """Scenes of the form's chapter, or all."""
    return [i for i, chapter in enumerate(log.chapter_of) if form.get("chapter") in (None, chapter)]


def setting(form: Form, log: Log) -> Value:
    """`which`: the place of the first or last scene (of a `chapter`), or that of more scenes than any other."""
    places = [log.scenes[i]["place"] for i in scenes_of(form, log)]
    if form["which"] != "most":
        return places[0 if form["which"] == "first" else -1]
    ranked = sorted(set(places), key=lambda place: (-places.count(place), place))
    alone = len(ranked) < 2 or places.count(ranked[0]) > places.count(ranked[1])
    return ranked[0] if alone else None


def frame_at(log: Log, time: float) -> Frame | None:
    """The picture on screen at a time."""
    return next((frame for frame in log.frames if frame.span[0] <= time < frame.span[1]), None)


def seen(form: Form, log: Log) -> Value:
    """`what`, `time` and for some `person` or `object`: what one picture shows."""
    frame = frame_at(log, form["time"])
    if frame is None:
        return None
    what, scene = form["what"], log.scenes[frame.scene]
    if what in ("time_of_day", "weather", "place"):
        return scene[what]
    if what == "holding":
        return frame.holding.get(form["person"])
    if what in ("who", "lying"):
        found = frame.people if what == "who" else frame.props
        return found[0] if len(found) == 1 else None
    if what == "action":
        return frame.poses.get(form["person"])
    if what == "feeling":
        return frame.moods.get(form["person"])
    return "yes" if (form["object"], what) in frame.states else "no"


EVALUATORS: Final[Mapping[str, Callable[[Form, Log], Value]]] = {
    "event": field,
    "looks": looks,
    "next": neighbour,
    "previous": neighbour,
    "ending": edge,
    "beginning": edge,
    "cause": cause,
    "effect": cause,
    "speaker": speaker,
    "reply": reply,
    "line_span": line_span,
    "fact": fact,
    "belief": belief,
    "knower": knower,
    "count": count,
    "count_scenes": lambda form, log: len(scenes_with(log, form["person"])),
    "count_places": lambda form, log: len({scene["place"] for scene in log.scenes}),
    "count_holders": lambda form, log: len(holders(log, form["object"])),
    "first": extreme,
    "last": extreme,
    "arrange": arrange,
    "before": before,
    "span": span,
    "fact_span": fact_span,
    "events": listed,
    "overview": lambda form, log: log.movie["synopsis"],
    "premise": lambda form, log: log.movie["logline"],
    "chapter": lambda form, log: log.chapters[form["chapter"]]["summary"],
    "setting": setting,
    "seen": seen,
}
