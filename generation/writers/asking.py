"""Which questions a language model is asked for, in which parts of a movie, and what it is shown for them.

    briefs = question_parts(QuestionsBrief(movie=movie, questions=config))
    shown = questions(briefs[0])

A part is about the movie, a chapter or a scene, and has at most `QUESTIONS_A_PART` questions and `FRAMES_A_PART`
keyframes, however long the movie is. Types and formats are dealt out before anybody is asked: a part's slots say
level, type and format of each question, so that shares come out as the recipe says and no type takes over. The parts
about a movie see its keyframes but no line, so that new dialogue asks them nothing.

What answers become, and what is wrong with them: citing.py.
"""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final, get_args

from moviellm.generation.briefs import QuestionsBrief
from moviellm.generation.protocols import derive_seed
from moviellm.generation.schema import (
    AnswerFormat,
    Keyframe,
    Level,
    Movie,
    QuestionType,
    Record,
    Scene,
    TemporalSpan,
)
from moviellm.generation.studio.asking.choosing import rounded
from moviellm.generation.writers.checks import LANGUAGES
from moviellm.generation.writers.showing import Data, Shown

QUESTIONS_A_PART = 12
"""Questions asked in one call: more come out alike."""
QUESTIONS_MIN = 5
"""Fewer are not worth a call, and one question word could not be asked twice."""
FRAMES_A_PART = 140
"""Keyframes shown in one call: a chapter of the paper's has 121."""
LINES_A_PART = 140
MOVIE_SHARE = 0.2
"""Questions about the movie as a whole; the rest goes to its chapters and their scenes."""
TYPES: Final[tuple[QuestionType, ...]] = get_args(QuestionType)
FORMATS: Final[dict[QuestionType, tuple[AnswerFormat, ...]]] = {
    "overview": ("open_ended", "dense_captioning"),
    "plot": ("multiple_choice", "open_ended"),
    "cause": ("multiple_choice", "open_ended"),
    "character": ("multiple_choice", "open_ended"),
    "dialogue": ("multiple_choice", "open_ended"),
    "visual": ("multiple_choice", "open_ended"),
    "state": ("multiple_choice", "open_ended"),
    "count": ("multiple_choice", "open_ended"),
    "order": ("multiple_choice",),
    "moment": ("temporal_grounding",),
    "unanswerable": ("open_ended",),
}
"""Formats of each type, the usual one first."""
CHOICE_SHARE = 0.6
"""Questions that are multiple choice where they could be either and the recipe does not say."""
NEAR: Final = ("visual", "count", "state")
"""Types that are asked of single pictures and scenes."""


def short(item_id: str) -> str:
    """`c03s02k04` for `m00042-c03-s02-k04`: what a model cites."""
    return item_id.partition("-")[2].replace("-", "")


def question_parts(brief: QuestionsBrief) -> list[QuestionsBrief]:
    """The parts that a movie's questions are asked in, each with its own counts of types."""
    movie, total = brief.movie, brief.questions.per_movie
    rng = random.Random(derive_seed(movie.seed, "question parts"))
    frames = [[len(scene.keyframes) for scene in chapter.scenes] for chapter in movie.chapters]
    places = [(_scope(movie, place), count) for place, count in _places(frames, total)]
    parts = []
    for number, ((scope, count), types) in enumerate(zip(places, _dealt(brief, places, rng), strict=True)):
        config = brief.questions.model_copy(
            update={"per_movie": count, "types": {name: some / count for name, some in types.items() if some}}
        )
        parts.append(brief.model_copy(update={"questions": config, "scope": scope, "part": (number, len(places))}))
    return parts or [brief]


def part_count(chapters: int, scenes: int, keyframes: int, questions: int) -> int:
    """How many parts a movie's questions are asked in, from its size alone."""
    return sum(1 for _ in _places([[keyframes] * scenes] * chapters, questions)) or 1


def _places(frames: Sequence[Sequence[int]], total: int) -> Iterator[tuple[tuple[int, ...], int]]:
    """Places with their numbers of questions: the movie, then each chapter or, where it is large, its scenes.

    Args:
        frames: keyframes of each scene of each chapter.

    Yields:
        (), or the number of a chapter, or those of a chapter and of a scene in it.
    """
    if not total:
        return
    about_movie = min(total, max(QUESTIONS_MIN, round(MOVIE_SHARE * total)))
    rest = total - about_movie
    asked = min(len(frames), rest // QUESTIONS_MIN)
    if not asked:
        about_movie, rest = total, 0
    yield from (((), count) for count in _calls(about_movie))
    for c, count in zip(_spread(range(len(frames)), asked), _even(rest, asked), strict=True):
        yield from _chapter_places(c, frames[c], count)


def _chapter_places(c: int, frames: Sequence[int], count: int) -> Iterator[tuple[tuple[int, ...], int]]:
    if sum(frames) <= FRAMES_A_PART and count <= QUESTIONS_A_PART:
        yield (c,), count
        return
    about_chapter = min(count, max(QUESTIONS_MIN, round(MOVIE_SHARE * count)))
    rest = count - about_chapter
    asked = min(len(frames), rest // QUESTIONS_MIN)
    if not asked:
        about_chapter, rest = count, 0
    yield from (((c,), some) for some in _calls(about_chapter))
    for s, some in zip(_spread(range(len(frames)), asked), _even(rest, asked), strict=True):
        yield from (((c, s), each) for each in _calls(some))


def _scope(movie: Movie, place: tuple[int, ...]) -> str | None:
    """Id of the chapter or scene that a place is; None for the movie."""
    if not place:
        return None
    chapter = movie.chapters[place[0]]
    return chapter.scenes[place[1]].scene_id if place[1:] else chapter.chapter_id


def _calls(count: int) -> list[int]:
    """A number of questions in calls of about the same size."""
    return _even(count, -(-count // QUESTIONS_A_PART))


def _even(total: int, parts: int) -> list[int]:
    return [total * (i + 1) // parts - total * i // parts for i in range(parts)]


def _spread(items: Sequence[Any], count: int) -> list[Any]:
    """So many of the items, evenly over all of them."""
    return [items[(2 * i + 1) * len(items) // (2 * count)] for i in range(count)]


def _dealt(
    brief: QuestionsBrief, places: Sequence[tuple[str | None, int]], rng: random.Random
) -> list[Counter[QuestionType]]:
    """Types for every part: as many of each in all as their shares say, spread evenly; overviews about large parts."""
    movie = brief.movie
    scenes = {scene.scene_id for scene in movie.scenes()}
    wanted = rounded(brief.questions.types or dict.fromkeys(TYPES, 1.0), sum(count for _, count in places), rng)
    if not any(True for _ in movie.dialogue()):
        wanted["plot"] += wanted.pop("dialogue", 0)
    dealt: list[Counter[QuestionType]] = [Counter() for _ in places]
    room = [count for _, count in places]
    large = [i for i, (scope, _) in enumerate(places) if scope not in scenes]
    silent = [i for i, (scope, _) in enumerate(places) if scope is None]
    for name in ("overview", "dialogue", *(t for t in TYPES if t not in ("overview", "dialogue"))):
        for _ in range(wanted[name]):
            fitting = [i for i, left in enumerate(room) if left]
            if name == "overview":
                fitting = [i for i in large if room[i]] or fitting
            elif name == "dialogue":
                fitting = [i for i in fitting if i not in silent] or fitting
            most = max((room[i] / places[i][1], -dealt[i][name]) for i in fitting)
            chosen = next(i for i in fitting if (room[i] / places[i][1], -dealt[i][name]) == most)
            dealt[chosen][name] += 1
            room[chosen] -= 1
    return dealt


def slots(brief: QuestionsBrief) -> list[Data]:
    """What a part is asked for, question by question."""
    config, count = brief.questions, brief.questions.per_movie
    rng = random.Random(derive_seed(brief.movie.seed, "slots", *brief.part))
    types: list[QuestionType] = []
    for name in TYPES:
        types += [name] * round(config.types.get(name, 0.0) * count)
    left = rounded(config.formats, count, rng) if config.formats else Counter()
    found = []
    for number, name in enumerate(types):
        answer_format = _format(name, left, rng)
        left[answer_format] -= 1
        level = _level(brief, name, number)
        found.append({"slot": number + 1, "level": level, "type": name, "format": answer_format})
    return found


def _format(name: QuestionType, left: Counter[Any], rng: random.Random) -> AnswerFormat:
    possible = FORMATS[name]
    wanted = max(possible, key=lambda form: left[form])
    if left[wanted] > 0:
        return wanted
    return possible[0] if len(possible) == 1 or rng.random() < CHOICE_SHARE else possible[1]


def _level(brief: QuestionsBrief, name: QuestionType, number: int) -> Level:
    """Level of a slot: in a part about a chapter every other question is about one of its scenes or pictures."""
    if brief.scope is None:
        return "movie"
    scene = brief.scope.count("-") == 2
    if name in NEAR and number % 2:
        return "keyframe"
    return "scene" if scene or (name != "overview" and number % 2) else "chapter"


def questions(brief: Record) -> Shown:
    """A part of a movie as its questions are written from it."""
    assert isinstance(brief, QuestionsBrief)
    movie, scope = brief.movie, brief.scope
    chosen = [scene for scene in movie.scenes() if scope is None or scene.scene_id.startswith(scope)]
    frames = _frames(brief, chosen)
    lines = [] if scope is None else [line for scene in chosen for line in scene.dialogue or ()][:LINES_A_PART]
    wanted = slots(brief) if brief.questions.per_movie else []
    spans = {short(frame.keyframe_id): _pair(frame.span) for frame in frames}
    return Shown(
        data={
            "movie": {
                "title": movie.title,
                "theme": movie.theme,
                "language": LANGUAGES.get(movie.language, movie.language),
                "synopsis": movie.synopsis,
                "people": [{"name": p.name, "description": p.description} for p in movie.characters],
                "places": [place.name for place in movie.locations],
                "objects": [thing.name for thing in movie.objects],
            },
            "part": {
                "about": _about(brief),
                "asked": list(brief.part),
                "scenes": [shown for scene in chosen if (shown := _scene(movie, scene, frames, lines))["keyframes"]],
            },
            "slots": wanted,
        },
        context={
            "language": movie.language,
            "movie_id": movie.movie_id,
            "slots": wanted,
            "frames": spans,
            "lines": {short(line.line_id): _pair(line.span) for line in lines},
            "nothing": not wanted,
        },
        slots={"level": movie.language_level or "rich"},
    )


def _about(brief: QuestionsBrief) -> str:
    if brief.scope is None:
        return "the whole movie"
    return f"{'scene' if brief.scope.count('-') == 2 else 'chapter'} {short(brief.scope)}"


def _frames(brief: QuestionsBrief, scenes: Sequence[Scene]) -> list[Keyframe]:
    """The keyframes that may be cited, at most so many, evenly over the part."""
    config, duration_s = brief.questions, brief.movie.duration_s
    frames = [
        frame
        for scene in scenes
        for frame in scene.keyframes
        if config.distance_min - 1e-9 <= (duration_s - frame.span.end_s) / duration_s <= config.distance_max + 1e-9
    ]
    return frames if len(frames) <= FRAMES_A_PART else _spread(frames, FRAMES_A_PART)


def _scene(movie: Movie, scene: Scene, frames: Sequence[Keyframe], lines: Sequence[Any]) -> Data:
    names = {person.character_id: person.name for person in movie.characters}
    own = {frame.keyframe_id for frame in scene.keyframes}
    said = {line.line_id for line in scene.dialogue or ()}
    shown: Data = {
        "scene": short(scene.scene_id),
        "place": scene.location,
        "time": " ".join(filter(None, [scene.date, scene.clock, scene.time_of_day, scene.weather])),
        "summary": scene.summary,
        "keyframes": [[short(frame.keyframe_id), frame.caption] for frame in frames if frame.keyframe_id in own],
    }
    if lines:
        shown["lines"] = [
            [short(line.line_id), names.get(line.character_id or "", "narrator"), line.text]
            for line in lines
            if line.line_id in said
        ]
    return shown


def _pair(span: TemporalSpan) -> list[float]:
    return [span.start_s, span.end_s]
