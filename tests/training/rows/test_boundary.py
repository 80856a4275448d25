"""The view `boundary`: events and their exact boundaries."""

import re
from collections import Counter

import pytest

from moviellm.generation.schema import Movie
from moviellm.training.rows.boundary import boundary_rows
from moviellm.training.rows.film import Look, single
from moviellm.training.rows.words import bare
from tests.factories import make_movie
from tests.training.rows.movies import acts_unknown, long_movie, placeholders, sample_movies, with_captions

MOVIES = [*sample_movies(), acts_unknown(long_movie()), acts_unknown(make_movie())]


def rows(movie: Movie, look: Look | None = None) -> list[dict]:
    return list(boundary_rows(movie, look or Look(), seed=0))


def pairs(row: dict) -> list[tuple[str, str]]:
    texts = [turn["text"] for turn in row["turns"]]
    return list(zip(texts[::2], texts[1::2], strict=True))


@pytest.mark.parametrize("movie", MOVIES, ids=lambda movie: movie.title)
def test_one_row_of_five_is_dense_captioning(movie: Movie) -> None:
    tasks = Counter(row["task"] for row in rows(movie))
    assert tasks["multi_turn"] == 4 * tasks["dense_captioning"] > 0


@pytest.mark.parametrize("movie", MOVIES, ids=lambda movie: movie.title)
def test_a_dense_caption_has_every_event_with_its_times(movie: Movie) -> None:
    spans = {event.event_id: event for event in movie.events}
    for row in rows(movie):
        if row["task"] == "dense_captioning":
            ((_, answer),) = pairs(row)
            at = {one["token"]: one["time_s"] + row["clip"]["start_s"] for one in row["tokens"]}
            found = re.findall(r"^From (<s\d+>) to (<e\d+>): (.*)\.$", answer, re.MULTILINE)
            told = [(at[start], at[end], caption) for start, end, caption in found]
            events = [spans[name] for name in row["event_ids"]]
            assert told == [(one.span.start_s, one.span.end_s, bare(one.caption)) for one in events]


@pytest.mark.parametrize("movie", MOVIES, ids=lambda movie: movie.title)
def test_every_event_is_asked_for_once_each_way_and_never_both_ways_in_one_conversation(movie: Movie) -> None:
    asked: Counter[tuple[str, str]] = Counter()
    for row in rows(movie):
        if row["task"] == "multi_turn":
            ways = [
                ("ground" if answer.startswith("From <") else "caption", event)
                for (_, answer), event in zip(pairs(row), row["event_ids"], strict=True)
            ]
            events = [event for _, event in ways]
            assert len(set(events)) == len(events)
            asked.update(ways)
    once = single(movie.events)
    for event in movie.events:
        assert asked["caption", event.event_id] == 1
        assert asked["ground", event.event_id] == (event.event_id in once)
    assert len(once) > len(movie.events) / 2


def test_answers_are_those_of_the_events() -> None:
    for movie in MOVIES:
        events = {event.event_id: event for event in movie.events}
        for row in rows(movie):
            at = {one["token"]: one["time_s"] + row["clip"]["start_s"] for one in row["tokens"]}
            if row["task"] == "multi_turn":
                for (question, answer), name in zip(pairs(row), row["event_ids"], strict=True):
                    tokens = re.findall(r"<[se]\d+>", question + answer)
                    assert [at[token] for token in tokens] == [events[name].span.start_s, events[name].span.end_s]
                    assert bare(events[name].caption) in question + answer


def test_when_something_happens_is_not_asked_of_what_happens_twice() -> None:
    captions = ["Ada waits.", "ada waits.", *[f"Ada finds key {n}." for n in range(6)]]
    movie = with_captions(acts_unknown(make_movie()), captions)
    grounded = [question for row in rows(movie) for question, answer in pairs(row) if answer.startswith("From <")]
    assert grounded and not any("waits" in question for question in grounded if "Ada finds" not in question)


def test_when_something_happens_is_not_asked_of_the_same_act_in_other_words() -> None:
    movie = make_movie()
    assert len({event.caption for event in movie.events}) == len(movie.events) and single(movie.events) == set()
    assert not any(answer.startswith("From <") for row in rows(movie)[1:] for _, answer in pairs(row))


def test_pictures_and_times_are_those_of_the_clip() -> None:
    row = next(row for row in rows(long_movie()) if row["clip"]["start_s"] == 120.0)
    assert len(row["images"]) == placeholders(row["messages"]) == 18
    assert row["images"][0]["keyframe_id"] == "m00000-c02-s01-k00"
    assert all(0 <= one["time_s"] <= row["duration_s"] == 72.0 for one in row["tokens"])


def test_messages_say_the_times_in_the_form_that_is_asked_for() -> None:
    answers = [
        rows(make_movie(), Look(times=form))[0]["messages"][-1]["content"][0]["text"] for form in ("seconds", "index")
    ]
    assert answers[0].startswith("From 0.0 to 4.0 seconds: ") and answers[1].startswith("From 00 to 12: ")


def test_a_movie_with_too_few_events_gives_no_row() -> None:
    movie = make_movie()
    assert rows(movie.model_copy(update={"events": movie.events[:3]})) == []
