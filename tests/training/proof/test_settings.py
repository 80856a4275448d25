"""Recipes of a proof."""

from pathlib import Path

import pytest

from moviellm.generation.config.recipe import load_recipe
from moviellm.training.proof.settings import load_settings, settings_of


def test_the_packaged_recipe_names_movies_that_are_packaged() -> None:
    settings = load_settings("proof")
    recipe = load_recipe(settings.movies)
    frames = recipe.story.keyframes_per_movie
    assert 32 <= frames <= 64
    assert (recipe.image.width_px, recipe.image.height_px) == (64, 64)
    assert recipe.world.held_out > 0


def test_a_mistyped_key_is_named_with_its_neighbour() -> None:
    with pytest.raises(ValueError, match="unknown key tower.stepz, did you mean steps"):
        settings_of({"movies": "proof", "tower": {"steps": 1, "stepz": 2}}, "mine")


def test_a_missing_key_is_named() -> None:
    with pytest.raises(ValueError, match=r"recipe mine: .*longer"):
        settings_of({"movies": "proof", "tower": {"steps": 1}, "baseline": {"steps": 1}}, "mine")


@pytest.mark.parametrize("name", ["prof", "nowhere.yaml"])
def test_a_recipe_that_is_not_there_is_an_error(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no recipe"):
        load_settings(str(tmp_path / name) if name.endswith("yaml") else name)
