"""Questions about what happens: the story, causes, who did it, what was said, order, moments, and what never was.

    for question in KINDS["character"](asker): ...

Each kind is a generator over a movie's log that gives only what the log answers without doubt. An event is asked about
by its clause, and only if no other event of the movie has the same clause.

It does not choose among kinds: see questions.py.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from moviellm.generation.protocols import QuestionDraft
from moviellm.generation.schema import TemporalSpan
from moviellm.generation.studio.writing.asker import OPTIONS_MAX, OPTIONS_MIN, Asker, Common, clock, made
from moviellm.generation.studio.writing.language import capital, listing, sentence
from moviellm.generation.studio.writing.movielog import LogEvent, MovieLog
from moviellm.generation.studio.writing.seeing import count, state, visual

TELLING_CAUSES: Final[Mapping[str, tuple[str, ...]]] = {
    "tell": ("find", "hug"),
    "search": ("find",),
    "find": ("pick_up",),
    "give": ("give", "read", "hide", "open", "light", "tell", "hug", "drop", "search"),
    "pick_up": ("give", "hide", "drop", "read", "light", "steal", "search", "open"),
    "take": ("give", "hide", "drop", "read", "open"),
    "steal": ("take", "hide", "give", "argue", "steal"),
    "hide": ("find", "watch", "take"),
    "open": ("take", "hide"),
    "light": ("search",),
    "ask": ("tell", "give"),
    "go": ("follow",),
    "argue": ("hug",),
    "drop": ("pick_up",),
}
"""Which cause of which effect is worth a question: that somebody had come to the place is true and says nothing."""


def overview(asker: Asker) -> Iterator[QuestionDraft]:
    """The whole movie, then its chapters."""
    log = asker.log
    whole = TemporalSpan(start_s=0.0, end_s=log.scenes[-1]["span"][1])
    everything: dict[str, Any] = {"evidence": (whole,), "requires": ("vision", "dialogue"), "events": ()}
    for rule, answer in (("movie", log.inputs["synopsis"]), ("premise", log.inputs["logline"])):
        yield from made(asker.question("overview", asker.voice.say(f"overview.{rule}"), answer, **everything))
    chapters = log.inputs["chapters"]
    for i in asker.shuffled(range(len(chapters) if len(chapters) > 1 else 0)):
        span = TemporalSpan(start_s=chapters[i]["span"][0], end_s=chapters[i]["span"][1])
        slots = {"n": str(i + 1), "time": f"{clock(span.start_s)} to {clock(span.end_s)}"}
        text = asker.voice.say("overview.chapter", slots)
        part = {**everything, "evidence": (span,), "level": "chapter"}
        yield from made(asker.question("overview", text, chapters[i]["summary"], **part))


def plot(asker: Asker) -> Iterator[QuestionDraft]:
    """What happens next, and how it ends."""
    log = asker.log
    captions = [event.caption for event in log.events]
    if log.events:
        end = log.events[-1]
        yield from made(asker.question("plot", asker.voice.say("plot.end"), end.caption, events=[end], level="movie"))
    for event in asker.shuffled([event for event in log.single if event.index + 1 < len(log.inputs["events"])]):
        after = next((item for item in log.events if item.index == event.index + 1), None)
        if after is None:
            continue
        text = asker.voice.say("plot.next", {"clause": event.clause})
        wrong = [caption for caption in captions if caption not in (after.caption, event.caption)]
        yield from asker.either(
            "plot",
            text,
            after.caption,
            wrong=wrong,
            events=[event, after],
            requires=asker.requires([event, after], "order"),
        )


def cause(asker: Asker) -> Iterator[QuestionDraft]:
    """Which earlier event an event could not have happened without."""
    log = asker.log
    for event in asker.shuffled(log.single):
        causes = [log.by_id[key] for key in event.because if key in log.by_id]
        telling = [item for item in causes if event.action in TELLING_CAUSES.get(item.action, ())]
        if len(telling) != 1:
            continue
        behind = _ancestors(log, event)
        wrong = [item.caption for item in log.events if item.index < event.index and item.event_id not in behind]
        right = telling[0]
        wrong = [caption for caption in wrong if caption not in {log.by_id[key].caption for key in behind}]
        text = asker.voice.say("cause.why", {**event.slots, "base": event.base})
        yield from asker.either(
            "cause",
            text,
            right.caption,
            wrong=wrong,
            events=[right, event],
            requires=asker.requires([right, event], "order"),
        )


def _ancestors(log: MovieLog, event: LogEvent) -> set[str]:
    found: set[str] = set()
    todo = [key for key in event.because if key in log.by_id]
    while todo:
        key = todo.pop()
        if key not in found:
            found.add(key)
            todo += [other for other in log.by_id[key].because if other in log.by_id]
    return found


def character(asker: Asker) -> Iterator[QuestionDraft]:
    """Who did it, and to whom."""
    log = asker.log
    for event in asker.shuffled(log.events):
        for rule, answer, rest in (("who", 0, (1,)), ("whom", 1, (0,))):
            if not asker.voice.grammar.has(f"{rule}.{event.wording}") or answer >= len(event.names):
                continue
            if event.thing is None and event.action in ("ask", "tell"):
                continue
            kept = [event.names[i] for i in rest if i < len(event.names)]
            text = asker.voice.say(f"{rule}.{event.wording}", event.slots)
            if len(_alike(log, event, text, rest)) != 1:
                continue
            wrong = [name for name in log.names if name not in kept]
            yield from asker.either("character", text, event.names[answer], wrong=wrong, events=[event])


def _alike(log: MovieLog, event: LogEvent, text: str, rest: tuple[int, ...]) -> list[LogEvent]:
    """Events that a question could also mean: same action, object and other person, and place if it is named."""
    named = event.location in text
    return [
        item
        for item in log.events
        if item.action == event.action
        and item.thing == event.thing
        and all(item.names[i : i + 1] == event.names[i : i + 1] for i in rest)
        and (not named or item.location == event.location)
    ]


def dialogue(asker: Asker) -> Iterator[QuestionDraft]:
    """Who said it, and what was answered."""
    log = asker.log
    spoken = Counter(line[2] for scene in log.scenes for line in scene["lines"])
    speakers = {line[1] for scene in log.scenes for line in scene["lines"] if line[1]}
    pairs = [
        (line, scene["lines"][i + 1] if i + 1 < len(scene["lines"]) else None)
        for scene in log.scenes
        for i, line in enumerate(scene["lines"])
    ]
    texts = list(spoken)
    for line, answer in asker.shuffled(pairs):
        line_id, who, text, span = line
        if spoken[text] != 1 or who is None:
            continue
        common: dict[str, Any] = {"level": "scene", "requires": ("dialogue",)}
        spoken_at = TemporalSpan(start_s=span[0], end_s=span[1])
        name = log.name_of[who]
        if answer is not None and answer[1] not in (None, who) and asker.rng.random() < 0.5:
            slots = {"a": name, "b": log.name_of[answer[1]], "text": text}
            said = TemporalSpan(start_s=answer[3][0], end_s=answer[3][1])
            wrong = [item for item in texts if item not in (text, answer[2])]
            question = asker.voice.say("dialogue.reply", slots)
            both: dict[str, Any] = {"evidence": (spoken_at, said), "line_ids": (line_id, answer[0]), **common}
            yield from asker.either("dialogue", question, answer[2], wrong=wrong, **both)
        else:
            question = asker.voice.say("dialogue.who", {"text": text})
            wrong = [log.name_of[item] for item in sorted(speakers)] + log.names
            one: dict[str, Any] = {"evidence": (spoken_at,), "line_ids": (line_id,), **common}
            one["requires"] = ("vision", "dialogue")
            yield from asker.either("dialogue", question, name, wrong=wrong, **one)


def order(asker: Asker) -> Iterator[QuestionDraft]:
    """Which of several events comes first or last."""
    log = asker.log
    single = log.single
    for _ in range(len(single) if len(single) >= OPTIONS_MIN else 0):
        picked = sorted(asker.rng.sample(single, min(OPTIONS_MAX, len(single))), key=lambda event: event.index)
        rule, right = asker.rng.choice((("first", picked[0]), ("last", picked[-1])))
        wrong = [capital(event.clause) for event in picked if event is not right]
        named = listing([event.clause for event in asker.shuffled(picked)], last="or")
        text = asker.voice.say(f"order.{rule}", {"list": named})
        needs = asker.requires(picked, "order")
        yield from made(
            asker.question("order", text, capital(right.clause), wrong=wrong, events=picked, requires=needs)
        )


def moment(asker: Asker) -> Iterator[QuestionDraft]:
    """When something happens: the gold span is the event's."""
    log = asker.log
    for event in asker.shuffled(log.single):
        text = asker.voice.say("moment.when", {**event.slots, "base": event.base, "clause": event.clause})
        answer = f"From {event.span.start_s:.1f} to {event.span.end_s:.1f} seconds."
        yield from made(
            asker.question("moment", text, answer, answer_format="temporal_grounding", events=[event], level="movie")
        )


def dense(asker: Asker) -> Iterator[QuestionDraft]:
    """Every event with its time, once a movie."""
    log = asker.log
    if len(log.events) < 2:
        return
    answer = " ".join(f"{e.span.start_s:.1f}-{e.span.end_s:.1f} s: {sentence(e.caption)}" for e in log.events)
    text = asker.voice.say("moment.dense")
    yield from made(
        asker.question("moment", text, answer, answer_format="dense_captioning", events=log.events, level="movie")
    )


def unanswerable(asker: Asker) -> Iterator[QuestionDraft]:
    """Questions about somebody or something that the movie does not have."""
    log, data = asker.log, asker.vocabulary.data
    strangers = [name for name in data["names"]["she"] + data["names"]["he"] if name not in log.names]
    shown = {thing.split()[-1] for thing in [*log.things, *log.inputs["shown"]]}
    objects = [kind for kind in data["objects"] if kind not in shown]
    empty: Common = {"evidence": (), "keyframe_ids": (), "requires": ("vision", "dialogue")}
    for _ in range(4 + len(log.scenes)):
        name = asker.rng.choice(log.names)
        rule = asker.rng.choice(("person", "thing", "deed")) if objects else "person"
        thing = asker.rng.choice(objects) if objects else ""
        colour = asker.rng.choice(data["objects"][thing]["colours"]) if thing else ""
        slots = {"a": name, "name": asker.rng.choice(strangers), "o": f"the {colour} {thing}"}
        if rule == "deed":
            deed = _never(asker)
            if deed is None:
                continue
            slots |= deed
        text, answer = asker.voice.say(f"unanswerable.{rule}", slots), asker.voice.say(f"refusal.{rule}", slots)
        yield from made(asker.question("unanswerable", text, answer, **empty))


def _never(asker: Asker) -> dict[str, str] | None:
    """Something that somebody of the cast could have done with a thing of the movie, and never did."""
    log = asker.log
    if not log.things or len(log.names) < 2:
        return None
    action = asker.rng.choice(("give", "steal", "take", "find"))
    thing, (one, two) = asker.rng.choice(log.things), asker.rng.sample(log.names, 2)
    if any(event.action == action and event.thing == thing and one in event.names for event in log.events):
        return None
    slots = {"a": one, "b": two, "o": f"the {thing}"}
    return {**slots, "clause": log.filled(f"clause.{action}", slots), "base": log.filled(f"base.{action}", slots)}


KINDS: Final[Mapping[str, Callable[[Asker], Iterator[QuestionDraft]]]] = {
    "overview": overview,
    "plot": plot,
    "cause": cause,
    "character": character,
    "dialogue": dialogue,
    "visual": visual,
    "state": state,
    "count": count,
    "order": order,
    "moment": moment,
    "dense": dense,
    "unanswerable": unanswerable,
}
