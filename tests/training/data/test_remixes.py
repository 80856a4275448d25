"""Remixes as a source of a recipe: pictures and features of their movies, only of train, never measured on."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from moviellm.generation.schema import Movie
from moviellm.training.data.pixels import FrameReader
from moviellm.training.data.remixes import remix_units
from moviellm.training.data.sources import open_all
from moviellm.training.data.units import Unit
from moviellm.training.media.film import Film
from moviellm.training.media.movies import Movies
from moviellm.training.media.policy import FramePolicy
from moviellm.training.rows.source import open_source
from moviellm.training.stages.blocks import ReplayBlock, SourceBlock, block_of
from tests.stories import build, make_story

KEYS: dict[str, Any] = {"count": 6, "frames": None, "times": "seconds", "movies": None}
REMIX = {"view": "boundary", "remix": {"scenes": [2, 3], "count": 4}}


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("remixes") / "films"
    build(folder, [renamed(make_story(number)) for number in range(6)])
    return folder


def renamed(movie: Movie) -> Movie:
    """A movie whose people and places have names of their own."""
    names = {one.name: f"{one.name} {movie.movie_id}" for one in (*movie.characters, *movie.locations)}
    text = movie.model_dump_json()
    for name, new in names.items():
        text = text.replace(f'"{name}"', f'"{new}"')
    return Movie.model_validate_json(text)


def remixes(films: Path, seed: int = 0, **keys: Any) -> list[Unit]:
    told = {**KEYS, "scenes": (2, 3), **keys}
    return remix_units(open_source(str(films)), "train", "boundary", seed, **told)


def opened(films: Path, *data: dict[str, Any], replay: tuple[dict[str, Any], ...] = ()) -> list[Any]:
    blocks = [block_of(SourceBlock, one, "data") for one in data]
    again = [block_of(ReplayBlock, one, "replay") for one in replay]
    return open_all(blocks, again, dataset=str(films), revision=None, seed=0, eval_split="validation")


def test_pictures_are_those_of_the_movies_that_scenes_come_from(films: Path) -> None:
    movies = Movies(open_source(str(films)))
    for unit in remixes(films):
        for picture, origin in zip(unit.film.frames, unit.origins, strict=True):
            film = movies.film(origin.movie_id, FramePolicy())
            assert film.frames is not None and film.content_key == origin.content_key
            own = film.frames[list(film.times_s).index(origin.moment_s)]
            assert np.array_equal(np.asarray(picture), np.asarray(own))


def test_a_remix_has_scenes_of_several_movies(films: Path) -> None:
    assert any(len({origin.movie_id for origin in unit.origins}) > 1 for unit in remixes(films))


def test_cached_features_of_its_movies_serve_a_remix(films: Path) -> None:
    movies = Movies(open_source(str(films)))

    def kept(movie_id: str) -> Film:
        """Features that say which frame of which movie they are of."""
        film = movies.film(movie_id, FramePolicy())
        told = [[[float(movie_id[1:]), time_s]] for time_s in film.times_s]
        return film.with_features(np.array(told, dtype=np.float32))

    reader = FrameReader(features=SimpleNamespace(film=kept, place="cache"))
    for unit in remixes(films):
        told = [[float(origin.movie_id[1:]), origin.moment_s] for origin in unit.origins]
        assert reader.features_of(unit)[:, 0].tolist() == told


def test_the_same_seed_gives_the_same_remixes(films: Path) -> None:
    one, again, other = ([unit.asks for unit in remixes(films, seed)] for seed in (0, 0, 1))
    assert one == again != other


def test_frames_are_chosen_evenly(films: Path) -> None:
    assert {unit.frames for unit in remixes(films, frames=3)} == {3}


def test_movies_of_another_split_are_refused(films: Path) -> None:
    with pytest.raises(ValueError, match="is of the split validation: only movies of train are remixed"):
        opened(films, {**REMIX, "split": "validation"})


def test_a_view_of_a_writers_questions_is_refused(films: Path) -> None:
    with pytest.raises(ValueError, match="view: sft: a remix has no questions .* say view: boundary or instruct"):
        opened(films, {**REMIX, "view": "sft"})


def test_more_scenes_than_there_are_is_said(films: Path) -> None:
    with pytest.raises(ValueError, match="found no 99 scenes .* ask for fewer"):
        opened(films, {"view": "boundary", "remix": {"scenes": [99, 99]}})


def test_scenes_are_two_numbers_in_order() -> None:
    with pytest.raises(ValueError, match=r"scenes are \[8, 4\]: two numbers from 1, the smaller first"):
        block_of(SourceBlock, {"view": "boundary", "remix": {"scenes": [8, 4]}}, "data")


def test_what_is_measured_is_movies_once(films: Path) -> None:
    movies, mixed = opened(films, {"view": "boundary"}, REMIX)
    assert mixed.name == "MovieLLM-boundary-remix" and movies.held_out and not mixed.held_out
    (alone,) = opened(films, REMIX)
    assert [unit.name for unit in alone.held_out] == [unit.name for unit in movies.held_out]


def test_replay_may_be_remixes(films: Path) -> None:
    assert len(opened(films, {"view": "boundary"}, replay=({**REMIX, "share": 0.5},))[1].units) >= 4
