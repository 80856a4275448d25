"""What a solver of a gate is asked, and when it is right: pure functions, no call.

    for shown in rotations(question): ...          # the question with its options turned by 0, 1, ... k - 1
    data, images = view(gate, movie, question, frames=16)
    right = is_right(question, picked_text)         # True, False, or None where only a judge can tell

Every gate asks a question once for each rotation of its options, so that whoever always takes the same position is
right in exactly one of k. A question without options is asked once. Pictures are named by hash. Who is asked, and how
answers are kept, is in gatekeeping.py.
"""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from moviellm.generation.gating.verdicts import BLIND, DIALOGUE, FULL, SHUFFLED, SYNOPSIS
from moviellm.generation.protocols import derive_seed
from moviellm.generation.schema import Keyframe, Movie, QAPair, TemporalSpan

LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CITED_MAX: Final = 3
"""Cited keyframes that the single-frame gate and the image-text check look at."""
OTHERS: Final = 2
"""Keyframes that are not cited and that the image-text check compares with."""
IOU_RIGHT: Final = 0.5
"""Overlap with the evidence, as intersection over union, from which a named moment is right."""
NUMBERS: Final = {
    word: str(number)
    for number, word in enumerate(
        ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
    )
} | {"zero": "0", "none": "0", "never": "0", "once": "1", "twice": "2", "thrice": "3"}
ARTICLES: Final = frozenset({"a", "an", "the"})
YES_NO: Final = frozenset({"yes", "no"})


@dataclass(frozen=True, kw_only=True)
class View:
    """What a solver gets to see of a movie."""

    data: Mapping[str, JsonValue]
    """Text, as JSON."""
    pictures: tuple[tuple[str, str], ...] = ()
    """Label and sha256 of each picture, in the order in which they are shown."""


def rotations(question: QAPair) -> list[tuple[str, ...]]:
    """The options turned by 0, 1, ... k - 1 places; one empty tuple where there are none."""
    options = question.options
    return [(*options[turn:], *options[:turn]) for turn in range(len(options))] or [()]


def view(gate: str, movie: Movie, question: QAPair, frames: int, *, sees: bool) -> View:
    """What the solver of a gate is shown; without eyes (`sees`), keyframes are told by their captions."""
    if gate == BLIND:
        return View(data={})
    if gate == SYNOPSIS:
        return View(data={"title": movie.title, "synopsis": movie.synopsis})
    lines = _lines(movie)
    if gate == DIALOGUE:
        return View(data={"dialogue": [*lines]})
    assert gate in (FULL, SHUFFLED)
    shown = spread(movie, question, frames)
    if gate == FULL:
        times: dict[str, JsonValue] = {"duration_s": movie.duration_s, "dialogue": [*lines]}
        if sees:
            return View(data=times, pictures=tuple((f"{k.span.start_s:g} s", _sha256(k)) for k in shown))
        captions: list[JsonValue] = [{"at_s": k.span.start_s, "shows": k.caption} for k in shown]
        return View(data=times | {"keyframes": captions})
    dice = random.Random(derive_seed(movie.seed, "shuffled", question.question_id.partition("-")[2]))
    said: list[JsonValue] = [{"speaker": line["speaker"], "text": line["text"]} for line in lines]
    mixed = dice.sample(shown, len(shown))
    dice.shuffle(said)
    return View(data={"dialogue": said}, pictures=tuple(("a keyframe", _sha256(k)) for k in mixed))


def one_frame(keyframe: Keyframe) -> View:
    """One keyframe and nothing else."""
    return View(data={}, pictures=(("the keyframe", _sha256(keyframe)),))


def spread(movie: Movie, question: QAPair, count: int) -> list[Keyframe]:
    """At most `count` painted keyframes in story order: those that the question cites, and others evenly over the
    movie."""
    painted = [keyframe for keyframe in movie.keyframes() if keyframe.image_sha256 is not None]
    taken = {keyframe.keyframe_id for keyframe in cited(movie, question, count)}
    rest = [keyframe for keyframe in painted if keyframe.keyframe_id not in taken]
    room = min(count - len(taken), len(rest))
    taken |= {rest[(2 * number + 1) * len(rest) // (2 * room)].keyframe_id for number in range(room)}
    return [keyframe for keyframe in painted if keyframe.keyframe_id in taken]


def cited(movie: Movie, question: QAPair, count: int = CITED_MAX) -> list[Keyframe]:
    """At most `count` of the painted keyframes that a question cites: the middle one first, then evenly spread."""
    ids = set(question.keyframe_ids)
    found = [keyframe for keyframe in movie.keyframes() if keyframe.keyframe_id in ids and keyframe.image_sha256]
    if not found:
        return []
    picked = [
        found[len(found) // 2],
        *(found[number * (len(found) - 1) // max(1, count - 1)] for number in range(count)),
    ]
    return list({keyframe.keyframe_id: keyframe for keyframe in picked}.values())[:count]


def others(movie: Movie, question: QAPair) -> list[Keyframe]:
    """Painted keyframes to compare with: drawn among those that are neither cited nor the same picture."""
    mine = {keyframe.image_sha256 for keyframe in movie.keyframes() if keyframe.keyframe_id in question.keyframe_ids}
    rest = [k for k in movie.keyframes() if k.image_sha256 is not None and k.image_sha256 not in mine]
    dice = random.Random(derive_seed(movie.seed, "others", question.question_id.partition("-")[2]))
    return dice.sample(rest, min(OTHERS, len(rest)))


def asked(question: QAPair, options: Sequence[str]) -> dict[str, JsonValue]:
    """The question as the solver reads it."""
    data: dict[str, JsonValue] = {"question": question.question, "answer_format": question.answer_format}
    return data | ({"options": {LETTERS[at]: option for at, option in enumerate(options)}} if options else {})


def _lines(movie: Movie) -> list[dict[str, JsonValue]]:
    names = {person.character_id: person.name for person in movie.characters}
    return [
        {"at_s": line.span.start_s, "speaker": names.get(line.character_id or "", "narrator"), "text": line.text}
        for line in movie.dialogue()
    ]


def _sha256(keyframe: Keyframe) -> str:
    assert keyframe.image_sha256 is not None
    return keyframe.image_sha256


# ---------------------------------------------------------------- right or wrong


def is_right(question: QAPair, said: str) -> bool | None:
    """Whether an open answer is right by a plain rule; None where only somebody who reads can tell.

    Rules: the same words without articles, numbers as digits; one number against one number; yes against no.
    """
    gold, given = plain(question.answer), plain(said)
    if gold == given:
        return True
    if len(gold) == 1 and gold[0] in YES_NO and given and given[0] in YES_NO:
        return gold[0] == given[0]
    numbers = [[word for word in words if word.isdigit()] for words in (gold, given)]
    if question.question_type == "count" and len(numbers[0]) == 1 and len(set(numbers[1])) == 1:
        return numbers[0][0] == numbers[1][0]
    return None


def plain(text: str) -> list[str]:
    """Words without case, punctuation and articles; numbers as digits."""
    words = [word for word in re.findall(r"\w+", text.casefold()) if word not in ARTICLES]
    return (
        words if words in (["no"], ["yes"]) or words[:1] in (["no"], ["yes"]) else [NUMBERS.get(w, w) for w in words]
    )


def overlaps(evidence: Sequence[TemporalSpan], start_s: float, end_s: float) -> bool:
    """Whether a named stretch meets one of the gold spans by at least `IOU_RIGHT`."""
    for span in evidence:
        common = max(0.0, min(span.end_s, end_s) - max(span.start_s, start_s))
        union = max(span.end_s, end_s) - min(span.start_s, start_s)
        if union > 0 and common / union >= IOU_RIGHT:
            return True
    return False
