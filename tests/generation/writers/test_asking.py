"""Which questions are asked for, in which parts: shares, sizes, what is shown."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moviellm.generation.briefs import QuestionsBrief
from moviellm.generation.config.recipe import QuestionConfig
from moviellm.generation.schema import Chapter, Keyframe, Location, Movie, Scene, TemporalSpan, canonical_json
from moviellm.generation.writers.asking import (
    FORMATS,
    FRAMES_A_PART,
    QUESTIONS_A_PART,
    QUESTIONS_MIN,
    TYPES,
    part_count,
    question_parts,
    questions,
    slots,
)
from moviellm.generation.writers.checks import interrogatives_allowed
from tests.factories import make_movie


def movie_of(chapters: int, scenes: int, keyframes: int) -> Movie:
    """A movie of empty pictures, as large as one likes."""
    made, index = [], 0
    for c in range(chapters):
        parts = []
        for s in range(scenes):
            scene_id = f"m00003-c{c:02d}-s{s:02d}"
            frames = []
            for k in range(keyframes):
                frames.append(
                    Keyframe(
                        keyframe_id=f"{scene_id}-k{k:02d}", index=index, prompt="p", caption=f"Picture {index}.",
                        span=TemporalSpan(start_s=4.0 * index, end_s=4.0 * index + 4.0), shot="wide",
                        character_ids=(), figures=(), props=(), event_id=None,
                    )
                )  # fmt: skip
                index += 1
            span = TemporalSpan(start_s=frames[0].span.start_s, end_s=frames[-1].span.end_s)
            parts.append(
                Scene(
                    scene_id=scene_id, index=s, heading="INT. INN - DAY", location="the inn", time_of_day="day",
                    weather="clear", summary=f"Scene {c}.{s}.", span=span, keyframes=tuple(frames), dialogue=(),
                )
            )  # fmt: skip
        span = TemporalSpan(start_s=parts[0].span.start_s, end_s=parts[-1].span.end_s)
        made.append(
            Chapter(chapter_id=f"m00003-c{c:02d}", index=c, title="T", summary="S", span=span, scenes=tuple(parts))
        )
    return Movie(
        movie_id="m00003", title="T", theme="t", genre="g", logline="l", synopsis="s", characters=(),
        locations=(Location(name="the inn", description="d", indoor=True),), chapters=tuple(made), events=(),
        duration_s=4.0 * index, language="en", seed=3,
    )  # fmt: skip


def parts_of(movie: Movie, **config: Any) -> list[QuestionsBrief]:
    return question_parts(QuestionsBrief(movie=movie, questions=QuestionConfig(**config)))


SIZES = st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 5))


@settings(max_examples=40)
@given(SIZES, st.integers(1, 90))
def test_parts_ask_as_many_as_wanted_neither_few_nor_many_at_a_time(size: tuple[int, int, int], total: int) -> None:
    parts = parts_of(movie_of(*size), per_movie=total)
    counts = [part.questions.per_movie for part in parts]
    assert sum(counts) == total
    assert max(counts) <= QUESTIONS_A_PART and min(counts) >= min(total, QUESTIONS_MIN)
    assert [part.part for part in parts] == [(i, len(parts)) for i in range(len(parts))]


@settings(max_examples=40)
@given(SIZES, st.integers(0, 90))
def test_the_number_of_parts_follows_from_the_size(size: tuple[int, int, int], total: int) -> None:
    assert part_count(*size, total) == len(parts_of(movie_of(*size), per_movie=total))


@settings(max_examples=40)
@given(SIZES, st.integers(1, 90))
def test_question_words_that_keep_to_their_share_in_each_part_keep_to_it_in_the_movie(
    size: tuple[int, int, int], total: int
) -> None:
    counts = [part.questions.per_movie for part in parts_of(movie_of(*size), per_movie=total)]
    if total >= QUESTIONS_MIN:
        assert sum(map(interrogatives_allowed, counts)) <= 0.4 * total + 1e-9


@settings(max_examples=30)
@given(SIZES, st.integers(20, 90), st.lists(st.sampled_from(TYPES), min_size=1, unique=True))
def test_types_have_their_shares_over_all_parts(size: tuple[int, int, int], total: int, types: list[Any]) -> None:
    parts = parts_of(movie_of(*size), per_movie=total, types=dict.fromkeys(types, 1.0))
    got = Counter(slot["type"] for part in parts for slot in slots(part))
    if "dialogue" in types:  # the movie has no line
        types = list(dict.fromkeys("plot" if name == "dialogue" else name for name in types))
    assert set(got) <= set(types) and got.total() == total
    assert all(total / (len(types) + 1) - 1 <= got[name] for name in types)


@settings(max_examples=30)
@given(SIZES, st.integers(5, 60))
def test_formats_are_those_a_type_allows_and_slots_are_numbered(size: tuple[int, int, int], total: int) -> None:
    for part in parts_of(movie_of(*size), per_movie=total):
        asked = slots(part)
        assert [slot["slot"] for slot in asked] == list(range(1, len(asked) + 1))
        assert all(slot["format"] in FORMATS[slot["type"]] for slot in asked)
        assert all(slot["level"] == "movie" for slot in asked) or part.scope is not None


def test_formats_of_the_recipe_are_kept_as_far_as_types_allow() -> None:
    parts = parts_of(movie_of(2, 2, 4), per_movie=40, types={"plot": 1.0, "state": 1.0}, formats={"open_ended": 1.0})
    assert {slot["format"] for part in parts for slot in slots(part)} == {"open_ended"}


def test_no_type_takes_over_a_movie_of_the_papers_size() -> None:
    parts = parts_of(movie_of(11, 11, 11), per_movie=144)
    got = Counter(slot["type"] for part in parts for slot in slots(part))
    assert len(got) == len(TYPES) - 1 and max(got.values()) <= 28  # two shares of eleven: there is no dialogue
    levels = Counter(slot["level"] for part in parts for slot in slots(part))
    assert min(levels[level] for level in ("movie", "chapter", "scene", "keyframe")) >= 10


@pytest.mark.parametrize("size", [(11, 11, 11), (2, 40, 20)])
def test_what_a_part_is_shown_is_bounded_however_long_the_movie_is(size: tuple[int, int, int]) -> None:
    for part in parts_of(movie_of(*size), per_movie=150):
        shown = questions(part)
        assert len(shown.context["frames"]) <= FRAMES_A_PART
        assert len(canonical_json(shown.data)) < 40_000


def test_keyframes_are_shown_where_the_recipe_wants_the_evidence() -> None:
    movie = movie_of(1, 2, 5)
    part = parts_of(movie, per_movie=5, distance_min=0.5)[0]
    spans = questions(part).context["frames"].values()
    assert spans and all((movie.duration_s - end) / movie.duration_s >= 0.5 for _, end in spans)


def test_parts_about_the_movie_see_no_line_and_the_others_see_theirs() -> None:
    parts = parts_of(make_movie(3), per_movie=16)
    seen = {part.scope: bool(questions(part).context["lines"]) for part in parts}
    assert seen.pop(None) is False and all(seen.values())
