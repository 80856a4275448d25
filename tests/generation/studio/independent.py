"""What is the answer? A second reader of a movie, written from what the logical forms of questions mean.

    film = Film(movie)
    film.answer({"ask": "fact", "entity": "silver key", "attribute": "where", "when": "end"})      # 'held:Ada'

It shares no code with the product: not its rules, not its reader, not `Event.changes`. What an event changes follows
from independent_world.py; only what no event tells (how the world stands at first, where people have gone between
scenes) is read from the scenes.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from moviellm.generation.schema import Event, Keyframe, Movie, QAPair, Scene
from tests.generation.studio.independent_world import NO, YES, Happening, World, changed, consequences


class Film:
    """A movie that can be asked."""

    def __init__(self, movie: Movie) -> None:
        self.movie = movie
        self.names = {person.character_id: person.name for person in movie.characters}
        self.scenes = list(movie.scenes())
        self.frames = list(movie.keyframes())
        self.happenings = [self._happening(event) for event in movie.events]
        self.moments = self._play()
        """The world before the first event of each scene, then after the last of all."""

    def _happening(self, event: Event) -> Happening:
        people = [self.names[person] for person in event.participants]
        scene = next(i for i, scene in enumerate(self.scenes) if scene.span.end_s > event.span.start_s)
        return Happening(event, people[0] if people else "", people[1] if len(people) > 1 else "", scene)

    def _play(self) -> list[World]:
        world: World = {}
        starts = []
        for number, scene in enumerate(self.scenes):
            world = dict(world) | {(c.entity, c.attribute): c.value for c in scene.changes}
            starts.append(world)
            for h in self.happenings:
                if h.scene == number:
                    h.before, world = world, changed(world, consequences(h))
                    h.after = world
        return [*starts, world]

    def answer(self, form: dict[str, Any]) -> Any:
        """The answer to a form; None when the movie has none."""
        return ASKED[form["ask"]](self, form)

    def one(self, spec: dict[str, str]) -> Happening | None:
        found = [h for h in self.happenings if h.fits(spec)]
        return found[0] if len(found) == 1 else None

    def around(self, when: Any) -> list[World]:
        """The worlds just before and after a moment; none when there is no such moment."""
        if when == "end":
            return [self.moments[-1]] * 2
        if "weather" in when:
            first = [i for i, scene in enumerate(self.scenes) if scene.weather == when["weather"]][:1]
            return [self.moments[first[0]]] * 2 if first and first[0] else []
        h = self.one(when)
        return [h.before, h.after] if h else []

    def steady(self, when: Any, look: Callable[[World], Any]) -> Any:
        """What is so both before and after a moment."""
        found = [look(world) for world in self.around(when)]
        return found[0] if found and found[0] == found[1] else None

    def whereabouts(self, world: World, topic: str) -> str | None:
        """The place of a person; the place or the holder of a thing, or those of the box that it is in."""
        if topic in self.names.values():
            return world.get((topic, "at"))
        kind, _, name = world.get((topic, "where"), "").partition(":")
        return self.whereabouts(world, name) if kind == "in" else name or None

    def right_about(self, world: World, person: str, topic: str) -> str | None:
        belief, truth = world.get((person, f"knows:{topic}"), NO), self.whereabouts(world, topic)
        return None if belief == NO or truth is None else YES if belief == truth else NO

    def knower(self, form: dict[str, Any]) -> str | None:
        def those(world: World) -> list[str]:
            return [n for n in self.names.values() if self.right_about(world, n, form["topic"]) == YES]

        found = self.steady(form["when"], those) or []
        return found[0] if len(found) == 1 else None

    def same(self, form: dict[str, Any]) -> str | None:
        """The field that all events of a spec agree on."""
        found = {h.part(form["field"]) for h in self.happenings if h.fits(form["event"])}
        return found.pop() if len(found) == 1 else None

    def looks(self, form: dict[str, Any]) -> str | None:
        person = next((p for p in self.movie.characters if p.name == self.same(form)), None)
        if person is None:
            return None
        pattern = r"with (?:a bald head|(?P<hair_colour>\w+) (?P<hair>\w+) hair), (?P<skin>\w+) skin, an? "
        match = re.search(pattern + r"(?P<colour>\w+) (?P<garment>\w+) and (?P<accessory>.+)$", person.appearance)
        assert match, person.appearance
        return match[form["what"]]

    def beside(self, form: dict[str, Any]) -> str | None:
        h = self.one(form["event"])
        if h is None:
            return None
        at = self.happenings.index(h) + (1 if form["ask"] == "next" else -1)
        return self.happenings[at].event.caption if 0 <= at < len(self.happenings) else None

    def played(self, form: dict[str, Any]) -> list[Scene]:
        """The scenes of the movie or of one chapter."""
        return list(self.scenes if form.get("chapter") is None else self.movie.chapters[form["chapter"]].scenes)

    def told(self, form: dict[str, Any]) -> list[Happening]:
        """The events of the movie or of one chapter."""
        mine = {scene.scene_id for scene in self.played(form)}
        return [h for h in self.happenings if self.scenes[h.scene].scene_id in mine]

    def edge(self, form: dict[str, Any]) -> str | None:
        found = self.told(form)
        return found[-1 if form["ask"] == "ending" else 0].event.caption if found else None

    def linked(self, form: dict[str, Any]) -> Any:
        """What an event needed, or what needed it, its caption or a part; what comes later causes nothing."""
        h = self.one(form["event"])
        if h is None:
            return None
        at, mine = self.happenings.index(h), h.event.event_id
        if form["ask"] == "cause":
            found = [other for other in self.happenings[:at] if other.event.event_id in (h.event.because or ())]
        else:
            found = [other for other in self.happenings[at + 1 :] if mine in (other.event.because or ())]
        found = [other for other in found if other.event.action not in ("go", "enter", "flee", "follow", "chase")]
        if len(found) != 1:
            return None
        if form.get("field") == "span":
            return [found[0].event.span.start_s, found[0].event.span.end_s]
        return found[0].part(form["field"]) if "field" in form else found[0].event.caption

    def line(self, form: dict[str, Any]) -> Any:
        """Who says a line, what is answered, when it is said."""
        found = [
            (scene.dialogue or (), i)
            for scene in self.scenes
            for i, line in enumerate(scene.dialogue or ())
            if line.text == form["text"]
        ]
        if len(found) != 1:
            return None
        lines, at = found[0]
        if form["ask"] == "line_span":
            return [lines[at].span.start_s, lines[at].span.end_s]
        if form["ask"] == "speaker":
            return self.names.get(lines[at].character_id or "")
        after = lines[at + 1] if at + 1 < len(lines) else None
        other = after is not None and after.character_id not in (None, lines[at].character_id)
        return after.text if after is not None and other else None

    def holders(self, form: dict[str, Any]) -> int:
        worlds = [*self.moments, *(h.after for h in self.happenings)]
        places = {world.get((form["object"], "where"), "") for world in worlds}
        return len({place for place in places if place.startswith("held:")})

    def times(self, form: dict[str, Any]) -> list[float] | None:
        """The start of each event of a list."""
        found = [self.one(spec) for spec in form["events"]]
        return None if None in found else [self.happenings.index(h) for h in found if h is not None]

    def picked(self, form: dict[str, Any]) -> Any:
        times = self.times(form)
        if not times:
            return None
        order = sorted(range(len(times)), key=lambda i: times[i])
        if form["ask"] == "arrange":
            return ",".join(map(str, order))
        if form["ask"] == "before":
            return YES if times[0] < times[1] else NO
        return order[0 if form["ask"] == "first" else -1]

    def span(self, form: dict[str, Any]) -> list[float] | None:
        h = self.one(form["event"])
        return [h.event.span.start_s, h.event.span.end_s] if h else None

    def lasting(self, form: dict[str, Any]) -> list[float] | None:
        """The one time that something stays so, from the end of the event that made it so to the start of the next."""
        key, value = (form["entity"], form["attribute"]), form["value"]
        begins: list[Happening | None] = []
        ends: list[Happening | None] = []
        now = None
        for number in range(len(self.scenes)):
            steps: list[tuple[World, Happening | None]] = [(self.moments[number], None)]
            steps += [(h.after, h) for h in self.happenings if h.scene == number]
            for world, h in steps:
                new = world.get(key)
                if new != now and new == value:
                    begins.append(h)
                if new != now and now == value:
                    ends.append(h)
                now = new
        if len(begins) != 1 or begins[0] is None or ends[:1] == [None]:
            return None
        end_s = ends[0].event.span.start_s if ends and ends[0] else self.movie.duration_s
        start_s = begins[0].event.span.end_s
        return [start_s, end_s] if end_s > start_s else None

    def setting(self, form: dict[str, Any]) -> str | None:
        places = [scene.location for scene in self.played(form)]
        if form["which"] in ("first", "last"):
            return places[0 if form["which"] == "first" else -1]
        most = max(places.count(place) for place in places)
        found = {place for place in places if places.count(place) == most}
        return found.pop() if len(found) == 1 else None

    def seen(self, form: dict[str, Any]) -> Any:
        """What one picture shows."""
        frame = next((f for f in self.frames if f.span.start_s <= form["time"] < f.span.end_s), None)
        if frame is None:
            return None
        scene = next(scene for scene in self.scenes if scene.span.covers(frame.span))
        what, shown = form["what"], _made_out(frame)
        figures = {self.names[figure.character_id]: figure for figure in frame.figures}
        if what in ("time_of_day", "weather", "place"):
            return scene.location if what == "place" else getattr(scene, what)
        if what == "who":
            return next(iter(figures)) if len(figures) == 1 else None
        if what == "lying":
            props = [prop for prop in frame.props if shown(prop)]
            return props[0] if len(props) == 1 else None
        if what in ("open", "lit", "broken"):
            so = any(s.object == form["object"] and s.state == what and shown(s.object) for s in frame.states)
            return YES if so else NO
        figure = figures.get(form["person"])
        if figure is None or not shown(figure.character_id):
            return None
        if what == "holding":
            return figure.holding if figure.holding and shown(figure.holding) else None
        return figure.pose if what == "action" else None if figure.facing == "back" else figure.emotion


def _made_out(frame: Keyframe) -> Callable[[str], bool]:
    """Whether something covers 0.12 % of the frame and is not hidden by more than half."""
    if frame.visible is None:
        return lambda name: True
    found = {v.entity_id for v in frame.visible if v.width * v.height >= 0.0012 and v.occluded <= 0.5}
    return lambda name: name in found


ASKED: dict[str, Callable[[Film, dict[str, Any]], Any]] = {
    "event": Film.same,
    "looks": Film.looks,
    "next": Film.beside,
    "previous": Film.beside,
    "ending": Film.edge,
    "beginning": Film.edge,
    "cause": Film.linked,
    "effect": Film.linked,
    "speaker": Film.line,
    "reply": Film.line,
    "line_span": Film.line,
    "fact": lambda film, form: film.steady(form["when"], lambda world: world.get((form["entity"], form["attribute"]))),
    "belief": lambda film, form: film.steady(
        form["when"], lambda world: film.right_about(world, form["entity"], form["topic"])
    ),
    "knower": Film.knower,
    "count": lambda film, form: sum(h.fits(form["event"]) for h in film.happenings),
    "count_scenes": lambda film, form: sum(
        any(film.names[figure.character_id] == form["person"] for k in scene.keyframes for figure in k.figures)
        for scene in film.scenes
    ),
    "count_places": lambda film, form: len({scene.location for scene in film.scenes}),
    "count_holders": Film.holders,
    "first": Film.picked,
    "last": Film.picked,
    "arrange": Film.picked,
    "before": Film.picked,
    "span": Film.span,
    "fact_span": Film.lasting,
    "events": lambda film, form: [
        [h.event.span.start_s, h.event.span.end_s, h.event.caption] for h in film.told(form)
    ] or None,
    "overview": lambda film, form: film.movie.synopsis,
    "premise": lambda film, form: film.movie.logline,
    "chapter": lambda film, form: film.movie.chapters[form["chapter"]].summary,
    "setting": Film.setting,
    "seen": Film.seen,
}  # fmt: skip


def form_of(question: QAPair) -> dict[str, Any] | None:
    """The logical form of a question; None where it has none."""
    return None if question.form is None else json.loads(question.form)


def disagreement(film: Film, question: QAPair) -> str | None:
    """Why a question's answer is not the one that this reader finds; None when it is."""
    form = form_of(question)
    assert form is not None
    found = film.answer(form)
    if form["ask"] in ("first", "last") and question.answer_format == "open_ended" and found is not None:
        named = film.one(form["events"][found])
        found = named.event.caption if named else None
    if question.answer_format == "multiple_choice":
        right = [i for i, value in enumerate(form["options"]) if value == found]
        return None if right == [question.answer_index] else f"finds {found!r}, options {form['options']}"
    if question.answer_format == "temporal_grounding":
        gold = [[span.start_s, span.end_s] for span in question.evidence]
        return None if gold == [found] else f"finds {found}, gold {gold}"
    if question.answer_format == "dense_captioning":
        missing = [caption for _, _, caption in found or () if caption.rstrip(".") not in question.answer]
        return None if found and not missing else f"lacks {missing}"
    if question.question_type == "unanswerable":
        return None if found is None else f"finds {found!r} where there should be nothing"
    return None if found is not None and _says(question.answer, found) else f"finds {found!r}"


NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def _says(answer: str, value: Any) -> bool:
    """Whether an open answer says a value."""
    if isinstance(value, list):
        return all(f"{int(second) // 60}:{int(second) % 60:02d}" in answer for second in value)
    if isinstance(value, int):
        words = {
            str(value),
            *NUMBERS[value : value + 1],
            *({"once"} if value == 1 else {"twice"} if value == 2 else ()),
        }
        return bool(words & set(re.findall(r"\w+", answer.casefold())))
    if value in (YES, NO):
        return answer.casefold().startswith(value)
    return value.partition(":")[2].casefold() in answer.casefold() or value.rstrip(".").casefold() in answer.casefold()
