"""How scenes and dialogue that a model answers become drafts, and everything that must be right about them.

    draft = scene_draft(answer, context)        # SceneDraft; ValueError says what is wrong, in words for the writer

Keys of events and the prompts of painters are made here; a line belongs to the event of its keyframe. The rules are
those of staging.py (who is there, what is at hand) and of continuity.py (it ends as planned). Outlines and chapters:
drafting.py.
"""

from collections.abc import Iterator, Sequence

from moviellm.generation.briefs import DialogueDraft, EventDraft, FigureDraft, KeyframeDraft, LineDraft, SceneDraft
from moviellm.generation.schema import PropState, StateChange
from moviellm.generation.writers.answers import DialogueAnswer, EventAnswer, KeyframeAnswer, SceneAnswer
from moviellm.generation.writers.checks import language_faults
from moviellm.generation.writers.continuity import STORY, disagreements
from moviellm.generation.writers.drafting import Context, change_of, changes_of, facts_of, raise_faults, roster_of
from moviellm.generation.writers.picturing import picture_prompt
from moviellm.generation.writers.staging import Walk

WORDS_SLACK = 2
"""Times the words that fit into a keyframe's seconds, beyond which nobody could speak them."""


def scene_draft(answer: SceneAnswer, context: Context) -> SceneDraft:
    """The events and keyframes of a scene."""
    known = roster_of(context)
    people, place = tuple(context["people"]), context["place"][0]
    walk = Walk(roster=known, facts=facts_of(context["facts"]), place=place, people=people)
    start = walk.facts
    keys = [event.key for event in answer.events]
    changes = [tuple(change_of(fact, known.objects) for fact in event.changes) for event in answer.events]
    for event, changed in zip(answer.events, changes, strict=True):
        walk.event(event.key, event.participants, changed)
    faults = [*_event_faults(answer.events), *walk.problems]
    walk.problems.clear()
    for i, frame in enumerate(answer.keyframes):
        _look(walk, f"keyframe {i + 1}", frame)
    faults += [*walk.problems, *_frame_faults(answer.keyframes, keys)]
    faults += disagreements(start, changes_of(context["ends_with"]), walk.facts, "the scene")
    texts = [event.caption for event in answer.events] + [frame.caption for frame in answer.keyframes]
    faults += language_faults(texts, context["language"])
    raise_faults(faults)
    came = tuple(StateChange(entity=person, attribute="at", value=place) for person in people)
    begins = [c for c in changes_of(context["begins_with"]) if c.entity != STORY]
    prefix = context["prefix"]
    return SceneDraft(
        events=tuple(_event(event, prefix, changed) for event, changed in zip(answer.events, changes, strict=True)),
        keyframes=tuple(_keyframe(frame, prefix, walk, context) for frame in answer.keyframes),
        changes=(*(c for c in begins if (c.entity, c.attribute) not in {(p, "at") for p in people}), *came),
    )


def _event_faults(events: Sequence[EventAnswer]) -> Iterator[str]:
    earlier: list[str] = []
    for event in events:
        for cause in event.because:
            if cause not in earlier:
                yield f"event {event.key}: its cause {cause!r} is no earlier event of this scene"
        earlier.append(event.key)


def _look(walk: Walk, where: str, frame: KeyframeAnswer) -> None:
    for figure in frame.figures:
        walk.figure(where, figure.name, figure.pose, figure.holding, frame.event)
    walk.props(where, frame.props, frame.event)
    seen = [*frame.props, *(figure.holding for figure in frame.figures)]
    walk.problems += [
        f"{where}: the state of {item.object!r} is told, which is neither a prop nor held"
        for item in frame.states
        if item.object not in seen
    ]


def _frame_faults(frames: Sequence[KeyframeAnswer], keys: Sequence[str]) -> Iterator[str]:
    places = [keys.index(frame.event) if frame.event in keys else -1 for frame in frames if frame.event is not None]
    if places != sorted(places):
        yield "the keyframes do not show the events in their order"
    for i, frame in enumerate(frames):
        if not frame.caption.strip():
            yield f"keyframe {i + 1} has no caption"


def _event(event: EventAnswer, prefix: str, changes: tuple[StateChange, ...]) -> EventDraft:
    return EventDraft(
        key=prefix + event.key,
        caption=event.caption,
        participants=event.participants,
        action=event.action or None,
        object=event.object or None,
        changes=changes,
        because=tuple(prefix + key for key in event.because),
    )


def _keyframe(frame: KeyframeAnswer, prefix: str, walk: Walk, context: Context) -> KeyframeDraft:
    figures = tuple(
        FigureDraft(
            name=figure.name,
            pose=figure.pose,
            emotion=figure.emotion,
            holding=figure.holding or None,
            facing=figure.facing,
        )
        for figure in frame.figures
    )
    moment = walk.moments.get(frame.event, walk.moments[None])
    return KeyframeDraft(
        caption=frame.caption,
        prompt=picture_prompt(frame, moment.before, context),
        shot=frame.shot,
        figures=figures,
        props=frame.props,
        event_key=None if frame.event is None else prefix + frame.event,
        states=tuple(PropState(object=item.object, state=item.state) for item in frame.states),
    )


def dialogue_draft(answer: DialogueAnswer, context: Context) -> DialogueDraft:
    """The lines of a scene."""
    people = tuple(context["people"])
    walk = Walk(roster=roster_of(context), facts=facts_of(context["facts"]), place=context["place"], people=people)
    for key, participants, changes in context["events"]:
        walk.event(key, participants, changes_of(changes))
    walk.problems.clear()  # the scene was checked when it was written
    shown = context["keyframes"]
    for i, line in enumerate(answer.lines):
        if line.speaker is not None and 0 <= line.keyframe < len(shown):
            walk.speaks(f"line {i + 1}", line.speaker, shown[line.keyframe])
    raise_faults([*walk.problems, *_line_faults(answer, context)])
    return DialogueDraft(
        lines=tuple(
            LineDraft(
                speaker=line.speaker,
                text=line.text.strip(),
                emotion=line.emotion,
                keyframe_index=line.keyframe,
                event_key=None if line.speaker is None else shown[line.keyframe],
            )
            for line in sorted(answer.lines, key=lambda line: line.keyframe)
        )
    )


def _line_faults(answer: DialogueAnswer, context: Context) -> Iterator[str]:
    shown, most, room = context["keyframes"], context["lines_at_most"], context["words_a_keyframe"]
    if len(answer.lines) > most:
        yield f"there are {len(answer.lines)} lines; at most {most} may be spoken"
    words = [0] * len(shown)
    for i, line in enumerate(answer.lines):
        if not 0 <= line.keyframe < len(shown):
            yield f"line {i + 1} is said in keyframe {line.keyframe}; there are 0 to {len(shown) - 1}"
        elif not line.text.strip():
            yield f"line {i + 1} is empty"
        else:
            words[line.keyframe] += len(line.text.split())
    for k, count in enumerate(words):
        if count > WORDS_SLACK * room:
            yield f"in keyframe {k} {count} words are said; its time is enough for {room}"
    yield from language_faults([line.text for line in answer.lines], context["language"])
