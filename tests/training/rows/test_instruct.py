"""The view `instruct`: conversations about moments."""

import re

from moviellm.generation.schema import Movie
from moviellm.training.rows.film import Look
from moviellm.training.rows.instruct import KINDS, instruct_rows
from moviellm.training.rows.words import bare
from tests.factories import make_movie, span
from tests.training.rows.movies import (
    acts_unknown,
    long_movie,
    placeholders,
    question,
    sample_movies,
    with_captions,
    with_questions,
)


def rows(movie: Movie) -> list[dict]:
    return list(instruct_rows(movie, Look(), seed=0))


def told(row: dict) -> list[tuple[str, str, str]]:
    """Kind, question and answer of every turn, times in seconds of the movie."""
    at = {one["token"]: one["time_s"] + row["clip"]["start_s"] for one in row["tokens"]}
    texts = [re.sub(r"<[sec]\d+>", lambda m: str(at[m[0]]), turn["text"]) for turn in row["turns"]]
    return list(zip(row["kinds"], texts[::2], texts[1::2], strict=True))


def test_every_question_that_fits_is_asked_once() -> None:
    for movie in sample_movies():
        fitting = [
            one.question_id
            for one in movie.qa_pairs or ()
            if one.answer_format in ("open_ended", "temporal_grounding")
        ]
        assert sorted(name for row in rows(movie) for name in row["question_ids"]) == fitting


def test_all_kinds_of_questions_about_events_come_up() -> None:
    assert {kind for movie in sample_movies() for row in rows(movie) for kind in row["kinds"]} >= set(KINDS)


def test_answers_about_events_are_true() -> None:
    for movie in [*sample_movies(), acts_unknown(long_movie())]:
        events = list(movie.events)
        for kind, asked, answer in (turn for row in rows(movie) for turn in told(row)):
            named = [number for number, event in enumerate(events) if bare(event.caption) in asked]
            about = max(named, key=lambda number: len(events[number].caption), default=-1)
            times = [float(text) for text in re.findall(r"\d+\.\d", asked + " " + answer)]
            if kind == "when":
                assert times == [events[about].span.start_s, events[about].span.end_s]
            elif kind in ("after", "before"):
                assert answer.startswith(bare(events[about + (1 if kind == "after" else -1)].caption))
            elif kind == "stretch":
                inside = [e for e in events if times[0] <= e.span.start_s and e.span.end_s <= times[1]]
                assert answer == " ".join(f"{bare(event.caption)}." for event in inside)
            elif kind == "where":
                event = next(e for e in events if [e.span.start_s, e.span.end_s] == times)
                assert answer.lower() == f"{event.location}.".lower()
            elif kind == "who":
                event = next(e for e in events if [e.span.start_s, e.span.end_s] == times)
                names = {one.character_id: one.name for one in movie.characters}
                assert set(re.split(r", | and ", answer[:-1])) == {names[one] for one in event.participants}


def test_a_follow_up_comes_right_behind_its_question() -> None:
    movie = with_questions(make_movie(), question(0), question(1, turn_of="m00000-q000"), question(2))
    (order,) = [row["question_ids"] for row in rows(movie) if "m00000-q001" in row["question_ids"]]
    assert order[order.index("m00000-q000") + 1] == "m00000-q001"


def test_of_a_clip_only_what_it_answers_is_asked() -> None:
    movie = with_questions(
        long_movie(),
        question(0),
        question(1, evidence=(span(124.0, 128.0),)),
        question(2, evidence=(span(0.0, 128.0),)),
        question(3, level="movie"),
        question(4, question_type="count"),
        question(5, question="Who is there at 2:30?"),
        question(6, evidence=()),
    )
    asked = {row["clip"]["start_s"]: row["question_ids"] for row in rows(movie) if row["question_ids"]}
    assert asked == {0.0: ["m00000-q000"], 120.0: ["m00000-q001"]}


def test_what_happens_twice_is_not_asked_after() -> None:
    movie = with_captions(make_movie(), ["Ada waits."] * 8)
    assert not {kind for row in rows(movie) for kind in row["kinds"]} & {"when", "after", "before"}


def test_conversations_have_several_turns_and_the_film_once() -> None:
    for row in (row for movie in sample_movies() for row in rows(movie)):
        assert len(row["kinds"]) >= 3 and placeholders(row["messages"]) == len(row["images"]) == 12
        assert [one["role"] for one in row["messages"]] == ["user", "assistant"] * len(row["kinds"])
