"""Movies told and asked about in the words of the proof."""

from itertools import groupby

import pytest

from moviellm.generation.schema import Movie, QAPair, check_movie
from moviellm.training.proof.answering import asked_of
from moviellm.training.proof.questions import KINDS, in_words
from moviellm.training.remix.asking import KINDS as OF_THE_PROOF
from moviellm.training.remix.timeline import timeline_of
from tests.training.rows.movies import sample_movies

ASKED = 3


@pytest.fixture(scope="module")
def told() -> list[tuple[Movie, Movie]]:
    """Movies, and the same in the proof's words."""
    return [(movie, in_words(movie, ASKED)) for movie in sample_movies() if movie.twin_of is None]


def of(movie: Movie) -> tuple[QAPair, ...]:
    assert movie.qa_pairs is not None
    return movie.qa_pairs


def test_it_is_a_whole_movie(told: list[tuple[Movie, Movie]]) -> None:
    for _, made in told:
        check_movie(made)


def test_questions_are_those_of_the_proofs_answers(told: list[tuple[Movie, Movie]]) -> None:
    for movie, made in told:
        wanted = [(one.text, one.answer) for one in asked_of(timeline_of(movie), ASKED)]
        assert [(one.question, one.answer) for one in of(made)] == wanted


def test_every_kind_can_be_told_apart() -> None:
    assert set(KINDS) == set(OF_THE_PROOF) and len(set(KINDS.values())) == len(KINDS)


def test_the_evidence_of_a_span_is_where_its_frames_are(told: list[tuple[Movie, Movie]]) -> None:
    for movie, made in told:
        frames = list(movie.keyframes())
        spans = [one.span for one in asked_of(timeline_of(movie), ASKED) if one.span is not None]
        found = [one.evidence for one in of(made) if one.answer_format == "temporal_grounding"]
        assert [[(one.start_s, one.end_s) for one in spans] for spans in found] == [
            [(frames[first].span.start_s, frames[last].span.end_s)] for first, last in spans
        ]


def test_questions_about_the_times_of_one_thing_count_together(told: list[tuple[Movie, Movie]]) -> None:
    for _, made in told:
        grouped = sorted((one.group_id, one.question.split()[1]) for one in of(made) if one.group_id is not None)
        for _, pairs in groupby(grouped, key=lambda pair: pair[0]):
            names = [key for _, key in pairs]
            assert len(names) > 1 and len(set(names)) == 1


def test_nobody_has_a_name_but_a_colour(told: list[tuple[Movie, Movie]]) -> None:
    for movie, made in told:
        names = {one.name for one in movie.characters}
        assert not names & {word for one in of(made) for word in f"{one.question} {one.answer}".split()}
        assert all(len(event.caption.split()) == 4 for event in made.events)
