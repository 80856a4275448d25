"""A movie or a clip of it as a trainer sees it: its pictures with the dialogue between them, each at its time.

    clip = whole(movie)                             # or: for clip in clips(movie): ...
    shown = show(clip, Look(frames=64))
    shown.parts                                     # [{"type": "text", ...}, {"type": "image", "text": None}, ...]
    shown.keyframes                                 # the keyframes behind the image parts, in the same order

A line stands after the last picture that begins before it and before the next one; one that is spoken before the first
picture stands before it. Pictures are chosen evenly over the clip and never by what is asked, so that the choice tells
nothing. Keyframes without a picture are not shown.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from moviellm.generation.dataset.features import Row
from moviellm.generation.schema import DialogueLine, Event, Keyframe, Movie, Scene, TemporalSpan
from moviellm.training.rows.times import index_of, seconds
from moviellm.training.rows.words import Words, bare, plain

CLIP_S = 120.0
"""Scenes are put together to clips of up to this length, as VTimeLLM's stage 2 takes videos of up to two minutes."""
CLIP_EVENTS = 4
"""Events that a clip must have."""


@dataclass(frozen=True)
class Look:
    """How films are shown in rows."""

    frames: int | None = None
    """Most pictures in a row; None: all."""
    stamps: bool = True
    """Whether pictures and lines carry their time."""
    times: Literal["seconds", "index"] = "seconds"
    """Whether times are said as seconds, or as hundredths of the clip."""
    embed: bool = False
    """Whether rows hold the pictures themselves."""


@dataclass(frozen=True)
class Clip:
    """A stretch of whole scenes; times in its rows count from its start."""

    movie: Movie
    span: TemporalSpan
    scenes: tuple[Scene, ...]
    events: tuple[Event, ...]
    """Those that lie in it."""

    @property
    def is_whole(self) -> bool:
        """Whether it is the whole movie."""
        return self.span == _movie_span(self.movie)

    @property
    def duration_s(self) -> float:
        """Its length."""
        return self.span.end_s - self.span.start_s

    @property
    def keyframes(self) -> list[Keyframe]:
        """Its keyframes that have a picture."""
        return [one for scene in self.scenes for one in scene.keyframes if one.image_sha256 is not None]

    @property
    def lines(self) -> list[DialogueLine]:
        """Its dialogue."""
        return [line for scene in self.scenes for line in scene.dialogue or ()]


@dataclass(frozen=True)
class Shown:
    """What stands before the question."""

    parts: list[Row]
    keyframes: list[Keyframe]


def whole(movie: Movie) -> Clip:
    """The movie as one clip."""
    return Clip(movie, _movie_span(movie), tuple(movie.scenes()), movie.events)


def clips(movie: Movie) -> Iterator[Clip]:
    """The movie in clips of whole scenes, up to `CLIP_S` long and with `CLIP_EVENTS` events at least.

    One that has too few is put to the clip before it; a movie that has too few gives none. Clips of a twin from before
    it differs are those of its original and are left out.
    """
    groups: list[list[Scene]] = []
    for scene in movie.scenes():
        open_clip = groups[-1] if groups else None
        if open_clip and (
            scene.span.end_s - open_clip[0].span.start_s <= CLIP_S or len(_events(movie, open_clip)) < CLIP_EVENTS
        ):
            open_clip.append(scene)
        else:
            groups.append([scene])
    if len(groups) > 1 and len(_events(movie, groups[-1])) < CLIP_EVENTS:
        groups[-2:] = [groups[-2] + groups[-1]]
    for scenes in groups:
        events = _events(movie, scenes)
        if len(events) >= CLIP_EVENTS and not repeated(movie, _span(scenes)):
            yield Clip(movie, _span(scenes), tuple(scenes), tuple(events))


def repeated(movie: Movie, span: TemporalSpan) -> bool:
    """Whether a span of a twin lies before it differs from its original."""
    return movie.twin_of is not None and movie.diverges_s is not None and span.end_s <= movie.diverges_s


def single(events: Sequence[Event]) -> set[str]:
    """Ids of the events that happen once among these: no other has their caption, or is their act in other words."""
    captions = Counter(bare(event.caption).casefold() for event in events)
    acts = Counter(_act(event) for event in events)
    return {
        event.event_id
        for event in events
        if captions[bare(event.caption).casefold()] == 1 and (event.action is None or acts[_act(event)] == 1)
    }


def _act(event: Event) -> tuple[object, ...]:
    in_vain = event.variant == "vain"
    return event.action, event.participants, event.object, event.target, event.topic, in_vain


def _movie_span(movie: Movie) -> TemporalSpan:
    return TemporalSpan(start_s=0.0, end_s=movie.duration_s)


def _span(scenes: Sequence[Scene]) -> TemporalSpan:
    return TemporalSpan(start_s=scenes[0].span.start_s, end_s=scenes[-1].span.end_s)


def _events(movie: Movie, scenes: Sequence[Scene]) -> list[Event]:
    span = _span(scenes)
    return [event for event in movie.events if span.covers(event.span)]


def chosen(keyframes: Sequence[Keyframe], most: int | None) -> list[Keyframe]:
    """At most so many keyframes, evenly spread, the first and the last among them."""
    count = len(keyframes)
    if most is None or count <= most:
        return list(keyframes)
    if most == 1:
        return [keyframes[count // 2]]
    return [keyframes[round(i * (count - 1) / (most - 1))] for i in range(most)]


def show(clip: Clip, look: Look, words: Words) -> Shown:
    """The content parts of a clip, without a question."""
    frames = chosen(clip.keyframes, look.frames)
    people = {person.character_id: person.name for person in clip.movie.characters}
    order = sorted(
        [(frame.span.start_s, 0, frame.index, frame) for frame in frames]
        + [(line.span.start_s, 1, number, line) for number, line in enumerate(clip.lines)],
        key=lambda item: item[:3],
    )
    parts: list[Row] = []
    for time_s, _, _, item in order:
        stamp = f"{_stamp(clip, time_s - clip.span.start_s, look, words)} " if look.stamps else ""
        if isinstance(item, Keyframe):
            _add_text(parts, stamp)
            parts.append({"type": "image", "text": None})
        else:
            speaker = people.get(item.character_id or "", words.word("narrator"))
            _add_text(parts, f"{stamp}{plain(speaker)}: {plain(item.text)}\n")
    return Shown(parts, frames)


def _stamp(clip: Clip, time_s: float, look: Look, words: Words) -> str:
    if look.times == "index":
        return f"[{index_of(max(time_s, 0.0), clip.duration_s):02d}]"
    return words.word("stamp").format(time=seconds(time_s))


def _add_text(parts: list[Row], text: str) -> None:
    """Put text at the end; texts that follow each other are one part, and a line stands on a line of its own."""
    if not text:
        return
    if parts and parts[-1]["type"] == "text":
        parts[-1]["text"] += text
    else:
        parts.append({"type": "text", "text": f"\n{text}" if parts else text})


def asked(shown: Shown, question: str) -> list[Row]:
    """The content of a first turn: the film, then the question."""
    parts = [dict(part) for part in shown.parts]
    if parts and parts[-1]["type"] == "text":
        parts[-1]["text"] += question
    else:
        parts.append({"type": "text", "text": f"\n{question}" if parts else question})
    return parts


def text_message(role: str, text: str) -> Row:
    """A message of text alone."""
    return {"role": role, "content": [{"type": "text", "text": text}]}
