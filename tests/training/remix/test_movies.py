"""Remixes as movies of the schema: times, indices, names, and views that read them."""

from itertools import islice

import pytest

from moviellm.generation.schema import Movie
from moviellm.training.remix.movies import remixed_movies, scenes_of
from moviellm.training.remix.timeline import timeline_of
from moviellm.training.rows.boundary import boundary_rows
from moviellm.training.rows.film import Look
from tests.training.rows.movies import sample_movies


def _train() -> list[Movie]:
    return [movie for movie in sample_movies() if movie.split == "train"]


def _some(count: int = 6, seed: int = 0) -> list[Movie]:
    return list(islice(remixed_movies(_train(), seed, (2, 4)), count))


def test_scenes_follow_each_other_and_keyframes_are_counted_anew() -> None:
    for movie in _some():
        spans = [scene.span for scene in movie.scenes()]
        assert spans[0].start_s == 0.0
        assert [one.end_s for one in spans] == [*(one.start_s for one in spans[1:]), movie.duration_s]
        assert [one.index for one in movie.keyframes()] == list(range(len(list(movie.keyframes()))))
        for scene in movie.scenes():
            assert all(scene.span.covers(keyframe.span) for keyframe in scene.keyframes)
            assert all(scene.span.covers(line.span) for line in scene.dialogue or ())


def test_events_lie_where_their_keyframes_are_shown() -> None:
    for movie in _some():
        shown: dict[str, list[float]] = {}
        for keyframe in movie.keyframes():
            if keyframe.event_id is not None:
                shown.setdefault(keyframe.event_id, []).extend((keyframe.span.start_s, keyframe.span.end_s))
        for event in movie.events:
            assert (event.span.start_s, event.span.end_s) == (min(shown[event.event_id]), max(shown[event.event_id]))


def test_no_name_means_two() -> None:
    for movie in _some(20):
        names = [one.name for one in movie.characters] + [one.name for one in movie.locations]
        assert len(set(names)) == len(names)


def test_pictures_are_those_of_known_keyframes() -> None:
    known = {one.keyframe_id: one.image_sha256 for movie in _train() for one in movie.keyframes()}
    for movie in _some():
        assert {one.keyframe_id: one.image_sha256 for one in movie.keyframes()}.items() <= known.items()


def test_the_boundary_view_asks_of_the_new_times() -> None:
    movie = next(movie for movie in islice(remixed_movies(_train(), 1, (4, 6)), 20) if len(movie.events) >= 4)
    rows = list(boundary_rows(movie, Look(), 0))
    assert rows
    dense = next(row for row in rows if row["task"] == "dense_captioning")
    assert {event.event_id for event in movie.events} >= set(dense["event_ids"])


def test_a_remix_has_a_timeline() -> None:
    movie = _some(1)[0]
    assert len(timeline_of(movie).frames) == len(list(movie.keyframes()))


def test_a_seed_gives_the_same_movies_again() -> None:
    assert _some() == _some()
    assert _some() != _some(seed=1)


@pytest.mark.parametrize("split", ["validation", "test"])
def test_a_movie_that_is_tested_is_refused(split: str) -> None:
    with pytest.raises(ValueError, match="only movies of train are remixed"):
        scenes_of([*_train(), _train()[0].model_copy(update={"split": split})])


def test_two_languages_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot be one movie"):
        scenes_of([*_train(), _train()[0].model_copy(update={"language": "es"})])
