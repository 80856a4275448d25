"""Styles: one a movie, or, where none is locked, one a scene."""

import asyncio
from pathlib import Path

import pytest

from moviellm.generation.config.models import StyleConfig
from moviellm.generation.config.recipe import ImageConfig, Recipe, StoryConfig, recipe_from
from moviellm.generation.make import cells_of_run, make_run
from moviellm.generation.runs.tables import RunReader
from moviellm.generation.schema import Movie
from moviellm.generation.studio.painter import OfflinePainter
from tests.fakes import FakePainter, FakeWriter
from tests.generation.test_make import record_for

RECIPE = Recipe(themes=("key",), story=StoryConfig(chapters=2, scenes=2, keyframes=2), seed=3)
LOOSE = RECIPE.model_copy(update={"style": StyleConfig(locked=False)})


def made(run: Path, recipe: Recipe) -> tuple[Movie, FakePainter]:
    painter = FakePainter()
    asyncio.run(make_run(run, record_for(run, recipe), FakeWriter(), painter))
    (movie,) = RunReader(run).movies()
    return movie, painter


def test_a_movie_has_one_style(tmp_path: Path) -> None:
    movie, painter = made(tmp_path, RECIPE)
    assert movie.style is not None
    assert painter.calls["style"] == cells_of_run(RECIPE)["style"] == 1


def test_what_is_not_locked_has_a_style_a_scene_and_the_movie_none(tmp_path: Path) -> None:
    movie, painter = made(tmp_path, LOOSE)
    assert movie.style is None
    assert painter.calls["style"] == cells_of_run(LOOSE)["style"] == 4


def test_the_offline_painter_draws_the_scenes_of_such_a_movie_in_several_styles() -> None:
    from moviellm.generation.paintings import StyleBrief
    from moviellm.generation.protocols import derive_seed

    painter = OfflinePainter(ImageConfig(), 1)
    styles = []
    for number in range(8):
        seed = derive_seed(3, "style", number)
        brief = StyleBrief(movie_id=f"m00000-s{number}", keyword="", description="", seed=seed)
        output, _ = asyncio.run(painter.lock_style(painter.request("style", brief, seed)))
        styles.append(output["style_id"])
    assert len(set(styles)) > 3


def test_a_style_that_is_not_locked_cannot_be_learned_or_named() -> None:
    with pytest.raises(ValueError, match="leave out style.name and style.method"):
        recipe_from({"style": {"locked": False, "method": "textual_inversion"}})


def test_pictures_are_not_measured_by_who_chose_them() -> None:
    with pytest.raises(ValueError, match="would measure what it chose"):
        recipe_from({"painting": {"scorer": "a/clip"}, "measures": {"style_model": "a/clip"}})


def test_only_a_model_writes_a_story_at_once() -> None:
    with pytest.raises(ValueError, match="one_shot is for writer llm, got writer offline"):
        recipe_from({"story": {"expand": "one_shot"}})
