"""Ideas for questions about what happens: the story, its causes, who did it, what was said, order and moments.

    ideas = parts(asker)

Each function gives ideas of a few kinds. An event is asked about by the words that mean it alone. It does not choose
among ideas: see questions.py.
"""

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from moviellm.generation.studio.asking.asker import CHOICE, EITHER, OPEN, OPTIONS_MIN, Asker, Idea
from moviellm.generation.studio.asking.forms import answer, causes, effects, scenes_of
from moviellm.generation.studio.asking.movielog import Event, Line, Log, pair
from moviellm.generation.studio.asking.specs import MOVES, VAIN, Form, Value
from moviellm.generation.studio.asking.wording import Clause

EARLY = ("search",)
"""Actions that mostly come early: no question about order has them."""
OVERVIEW_SHARE = 0.5
"""Lists of the events of a part that count as overviews of it."""


def named(asker: Asker) -> list[tuple[Event, Clause]]:
    """Events with the clause that means them alone, in a seeded order, at most `asker.breadth`."""
    found = [(event, clause) for event in asker.log.events if (clause := asker.words.clause(event))]
    return asker.sample(found, asker.breadth)


def overview(asker: Asker) -> list[Idea]:
    """The whole movie, its parts, and where it plays."""
    log = asker.log
    whole = ((0.0, log.duration_s),)
    common: dict[str, Any] = {"type": "overview", "sort": "text", "spans": whole, "level": "movie", "anywhere": True}
    rows = (("overview", log.movie["synopsis"]), ("premise", log.movie["logline"]))
    ideas = [
        Idea(kind=ask, form={"ask": ask}, rule=ask, slots={}, value=text, formats=OPEN, **common) for ask, text in rows
    ]
    for i, chapter in enumerate(log.chapters if len(log.chapters) > 1 else ()):
        form, slots = {"ask": "chapter", "chapter": i}, {"time": asker.words.between(chapter["span"])}
        part: dict[str, Any] = {**common, "spans": (pair(chapter["span"]),), "level": "chapter"}
        part["formats"] = OPEN
        ideas.append(Idea(kind="chapter", form=form, rule="chapter", slots=slots, value=chapter["summary"], **part))
    return ideas + list(_settings(asker))


def _settings(asker: Asker) -> Iterator[Idea]:
    """Where the movie or a part of it begins and ends."""
    log = asker.log
    chapters = [None, *range(len(log.chapters))] if len(log.chapters) > 1 else [None]
    for which, chapter in itertools.product(("first", "last", "most"), chapters):
        form: dict[str, Any] = {"ask": "setting", "which": which} | ({} if chapter is None else {"chapter": chapter})
        scenes, place = scenes_of(form, log), answer(form, log)
        if place is None or len(scenes) < 2 or (which == "most" and chapter is not None):
            continue
        scenes = {"first": scenes[:1], "last": scenes[-1:]}.get(which, scenes)
        time = {} if chapter is None else {"time": asker.words.between(log.chapters[chapter]["span"])}
        about: dict[str, Any] = {"rule": f"setting.{which}" + ("" if chapter is None else "_part"), "slots": time}
        about |= {"spans": tuple(pair(log.scenes[i]["span"]) for i in scenes), "anywhere": True, "form": form}
        about |= {"level": "movie" if chapter is None else "chapter", "formats": OPEN if which == "most" else EITHER}
        yield Idea(type="overview", kind=f"setting.{which}", sort="where", value=place, **about)


def plot(asker: Asker) -> list[Idea]:
    """What happens next or before, how it begins and ends."""
    log, ideas = asker.log, []
    captions = Counter(event.caption for event in log.events)
    for (event, clause), (ask, step) in itertools.product(named(asker), (("next", 1), ("previous", -1))):
        at = event.index + step
        if not 0 <= at < len(log.events) or captions[log.events[at].caption] > 1:
            continue
        right = log.events[at]
        slots = {**clause.slots, "clause": clause.text}
        about: dict[str, Any] = {"form": {"ask": ask, "event": clause.spec}, "rule": ask, "slots": slots}
        about |= {"barred": (event.caption,), "near": far(log, event), "events": (event, right)}
        ideas.append(Idea(type="plot", kind="neighbour", sort="caption", value=right.caption, **about))
    for ask, chapter in itertools.product(("ending", "beginning"), (None, *range(len(log.chapters)))):
        found = [e for e in log.events if chapter in (None, log.chapter_of[e.scene])]
        if not found or (chapter is not None and len(log.chapters) == 1):
            continue
        right = found[-1 if ask == "ending" else 0]
        form = {"ask": ask} if chapter is None else {"ask": ask, "chapter": chapter}
        slots = {} if chapter is None else {"time": asker.words.between(log.chapters[chapter]["span"])}
        rule = f"{ask}.movie" if chapter is None else f"{ask}.chapter"
        kept: dict[str, Any] = {"form": form, "rule": rule, "slots": slots, "events": (right,)}
        kept |= {"level": "movie" if chapter is None else "chapter", "near": far(log, right)}
        ideas.append(Idea(type="plot", kind="edge", sort="caption", value=right.caption, **kept))
    return ideas


def far(log: Log, event: Event) -> Callable[[Value], float]:
    """How far the event with a caption is from this one: first by what they have in common, then in time."""
    told = {item.caption: item for item in log.events}

    def distance(caption: Value) -> float:
        other = told.get(caption, event)
        shared = sum(other.get(name) == event.get(name) for name in ("actor", "other", "object", "place"))
        return abs(other.index - event.index) - 2 * shared

    return distance


def cause(asker: Asker) -> list[Idea]:
    """Which earlier event an event needs, which later one needs it."""
    log, ideas = asker.log, []
    captions = Counter(event.caption for event in log.events)
    for (event, clause), ask in itertools.product(named(asker), ("cause", "effect")):
        found = causes(log, event) if ask == "cause" else effects(log, event)
        if ask == "effect" and event.get("action") in MOVES:
            continue
        if len(found) != 1 or captions[found[0].caption] > 1:
            continue
        slots = {**clause.slots, "base": clause.base, "clause": clause.text}
        form: Form = {"ask": ask, "event": clause.spec}
        about: dict[str, Any] = {"type": "cause", "slots": slots, "events": (found[0], event)}
        ideas.append(
            Idea(kind="cause", form=form, rule=ask, sort="caption", value=found[0].caption, formats=OPEN, **about)
        )
        timed: Any = ("temporal_grounding",)
        asked: Form = {**form, "field": "span"}
        when = list(found[0].span)
        ideas.append(
            Idea(
                kind=f"{ask}_span", form=asked, rule=f"{ask}_span", sort="seconds", value=when, formats=timed, **about
            )
        )
        about["barred"] = tuple(clause.spec.values())
        for part, sort in (("actor", "noun"), ("place", "where")):
            value = found[0].fields[part]
            if value not in event.fields.values():
                asked = {**form, "field": part}
                ideas.append(
                    Idea(kind=f"cause.{part}", form=asked, rule=f"{ask}_{part}", sort=sort, value=value, **about)
                )
    return ideas


def dialogue(asker: Asker) -> list[Idea]:
    """Who said it, what was answered, and when."""
    log = asker.log
    ideas: list[Idea] = []
    spoken = Counter(line.text for line in log.lines)
    replies: dict[str, tuple[str, ...]] = {}
    for one, two in itertools.pairwise(log.lines):
        if one.scene == two.scene and two.speaker not in (None, one.speaker):
            what = _answered(log, two)
            replies[what] = tuple(dict.fromkeys([*replies.get(what, ()), two.text]))
    for line in asker.sample([item for item in log.lines if item.speaker and spoken[item.text] == 1], asker.breadth):
        slots = {"text": line.text}
        about: dict[str, Any] = {"slots": slots, "lines": (line,), "type": "dialogue"}
        present = {name for frame in log.frames if frame.scene == line.scene for name in frame.people}
        ideas.append(
            Idea(
                kind="speaker", form={"ask": "speaker", "text": line.text}, rule="speaker", sort="noun",
                value=line.speaker, near=lambda name, here=present: 0 if name in here else 1, **about,  # type: ignore[misc]
            )
        )  # fmt: skip
        timed = {"ask": "line_span", "text": line.text}
        ideas.append(
            Idea(
                kind="line_span", form=timed, rule="line_span", sort="seconds", value=list(line.span),
                formats=("temporal_grounding",), **about,
            )
        )  # fmt: skip
        form = {"ask": "reply", "text": line.text}
        text = answer(form, log)
        if text is not None and spoken[text] == 1:
            after = next(item for item in log.lines if item.text == text)
            about |= {"lines": (line, after), "barred": (line.text,), "pool": replies.get(_answered(log, after), ())}
            ideas.append(Idea(kind="reply", form=form, rule="reply", sort="text", value=text, **about))
    return ideas


def _answered(log: Log, line: Line) -> str:
    """What kind of act a reply belongs to: another reply to such an act could be meant as well."""
    event = log.by_id.get(line.event_id or "")
    return f"{event.get('action')} {event.get('variant')}" if event else ""


def order(asker: Asker) -> list[Idea]:
    """Which of several events comes first or last, and in which order they come; events of one action where there are
    such, because what usually comes before what is no secret."""
    words, ideas = asker.words, []
    found = [row for row in named(asker) if row[0].get("variant") != VAIN and row[0].get("action") not in EARLY]
    times = Counter(event.fields["action"] for event, _ in found)
    actions = [action for action in sorted(times) if times[action] >= OPTIONS_MIN]
    alone = not actions and len(found) >= OPTIONS_MIN
    actions = actions or [""] * alone
    choosable = EITHER if not alone or max(times.values()) == 1 else OPEN
    for _ in range(asker.breadth // 2 if actions else 0):
        ask = asker.rng.choice(("first", "last", "arrange", "before"))
        action = asker.rng.choice(actions)
        same = [row for row in found if alone or row[0].get("action") == action]
        picked = asker.sample(same, {"arrange": 3, "before": 2}.get(ask, 4))
        texts = [words.question("list.item", {"clause": clause.text}) for _, clause in picked]
        slots = {"list": words.listing([clause.text for _, clause in picked])}
        if ask == "before":
            slots = {"one": picked[0][1].text, "two": picked[1][1].text}
        form = {"ask": ask, "events": [clause.spec for _, clause in picked]}
        pool: tuple[Value, ...] = tuple(range(len(picked)))
        sort, named_texts, formats = "number", {str(i): text for i, text in enumerate(texts)}, choosable
        if ask == "arrange":
            pool = tuple(",".join(map(str, item)) for item in itertools.permutations(range(3)))
            named_texts = {item: words.say("list.then").join(texts[int(i)] for i in item.split(",")) for item in pool}
        elif ask == "before":
            pool, sort, named_texts, formats = ("yes", "no"), "truth", {}, OPEN
        about: dict[str, Any] = {"pool": pool, "texts": named_texts, "events": tuple(event for event, _ in picked)}
        value = answer(form, asker.log)
        if value is not None:
            about |= {"form": form, "rule": ask, "slots": slots, "formats": formats, "sort": sort}
            about |= {"listed": tuple(clause.text for _, clause in picked)} if ask in ("first", "last") else {}
            ideas.append(Idea(type="order", kind=ask, value=value, **about))
    return ideas


def moment(asker: Asker) -> list[Idea]:
    """When something happens, and every event with its time."""
    log, ideas = asker.log, []
    for event, clause in named(asker):
        slots = {**clause.slots, "base": clause.base, "clause": clause.text}
        about: dict[str, Any] = {"type": "moment", "form": {"ask": "span", "event": clause.spec}, "rule": "span"}
        about |= {"slots": slots, "value": list(event.span), "events": (event,), "level": "movie"}
        ideas.append(Idea(kind="span", sort="seconds", formats=("temporal_grounding",), **about))
        ideas.append(Idea(kind=f"when.{event.get('action')}", sort="span", formats=CHOICE, **about))
    for chapter in (None, *range(len(log.chapters) if len(log.chapters) > 1 else 0)):
        form = {"ask": "events"} if chapter is None else {"ask": "events", "chapter": chapter}
        found = [e for e in log.events if chapter in (None, log.chapter_of[e.scene])]
        if len(found) < 2:
            continue
        slots = {} if chapter is None else {"time": asker.words.between(log.chapters[chapter]["span"])}
        more: dict[str, Any] = {"form": form, "rule": f"events.{'movie' if chapter is None else 'chapter'}"}
        more |= {"slots": slots, "value": answer(form, log), "events": tuple(found), "sort": "events"}
        level = "movie" if chapter is None else "chapter"
        dense: Any = ("dense_captioning",)
        about_all = "overview" if chapter is not None and asker.rng.random() < OVERVIEW_SHARE else "moment"
        more |= {"kind": "dense", "formats": dense, "level": level, "anywhere": True}
        ideas.append(Idea(type=about_all, **more))  # type: ignore[arg-type]
    return ideas
