"""Recipes: every key is checked, and every refusal says what to do."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.generation.config.recipe import (
    Recipe,
    load_recipe,
    packaged_recipes,
    recipe_from,
    recipe_keys,
    set_key,
)


@pytest.mark.parametrize("name", packaged_recipes())
def test_every_packaged_recipe_is_valid(name: str) -> None:
    assert load_recipe(name).name == name


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"stroy": {}}, r"unknown key stroy \(did you mean story\?\)"),
        ({"story": {"chapter": 2}}, r"unknown key story.chapter \(did you mean story.chapters\?\)"),
        ({"movies": 0}, "movies: .* got 0"),
        ({"story": {"seconds_per_keyframe": -4}}, "seconds_per_keyframe: .* got -4"),
        ({"story": {"seconds_per_keyframe": float("nan")}}, "seconds_per_keyframe"),
        ({"themes": ["  "]}, "a theme is empty"),
        ({"themes": ["a" * 10_000]}, "10000 characters; allowed are 500"),
        ({"themes": ["nul\x00"]}, "control character"),
        ({"themes": [3]}, "a theme is a phrase, got int"),
        ({"image": {"width_px": 511}}, "width_px"),
        ({"splits": {"validation": 6, "test": 6}}, "exceed the 10 movies"),
        ({"writer": "ghost"}, "writer: .*offline"),
        ({"dataset": {"version": "1.0"}}, "dataset.version"),
    ],
)
def test_a_bad_recipe_is_refused_with_the_key_and_the_value(data: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        recipe_from(data)


def test_all_faults_are_said_at_once() -> None:
    with pytest.raises(ValueError, match=r"seed: .*; movies: "):
        recipe_from({"movies": 0, "seed": -1})


def test_a_misspelt_recipe_name_suggests_the_nearest() -> None:
    with pytest.raises(ValueError, match="did you mean tiny"):
        load_recipe("tinny")


def test_a_missing_recipe_file_is_named() -> None:
    with pytest.raises(ValueError, match="no recipe file nowhere.yaml"):
        load_recipe("nowhere.yaml")


def test_a_recipe_file_of_ones_own_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("seed: 5\nthemes: [a key]\n", encoding="utf-8")
    assert load_recipe(str(path)).seed == 5


def test_broken_yaml_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("seed: [", encoding="utf-8")
    with pytest.raises(ValueError, match="not valid YAML"):
        load_recipe(str(path))


def test_a_billion_aliases_are_refused_at_once() -> None:
    bomb: list[object] = ["x"] * 10
    for _ in range(9):
        bomb = [bomb] * 10
    with pytest.raises(ValueError, match="a theme is a phrase, got list"):
        recipe_from({"themes": bomb})


def test_a_recipe_that_is_no_text_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="mine.yaml is not UTF-8 text"):
        load_recipe(str(tmp_path / "mine.yaml"))


def test_an_override_reaches_a_nested_key() -> None:
    assert load_recipe("tiny", ["story.chapters=11"]).story.chapters == 11


@pytest.mark.parametrize("override", ["story.chapters", "=3", "seed.x=3"])
def test_a_bad_override_is_refused(override: str) -> None:
    with pytest.raises(ValueError, match="--set"):
        load_recipe("tiny", [override])


@given(st.sampled_from(recipe_keys()), st.integers(0, 2**31 - 1))
def test_set_key_puts_a_value_where_the_key_says(key: str, value: int) -> None:
    data: dict[str, object] = {}
    set_key(data, f"{key}={value}")
    place: object = data
    for part in key.split("."):
        assert isinstance(place, dict)
        place = place[part]
    assert place == value


def test_every_key_says_what_it_is() -> None:
    silent = [name for name, info in Recipe.model_fields.items() if not info.description and name not in SECTIONS]
    assert silent == []


SECTIONS = set(Recipe.model_fields) - {"name", "description", "seed", "movies", "themes", "writer", "painter"}


def test_themes_go_round_when_more_movies_are_asked_for() -> None:
    assert Recipe(themes=("a", "b"), movies=5).movie_themes() == ["a", "b", "a", "b", "a"]


def test_one_movie_a_theme_by_default() -> None:
    assert Recipe(themes=("a", "b")).movie_themes() == ["a", "b"]


@pytest.mark.parametrize("theme", ["🗝️ and 🌊", "مفتاح في المنارة", "灯台守の地図", "a\ttab and  spaces"])
def test_themes_in_any_script_are_accepted(theme: str) -> None:
    assert Recipe(themes=(theme,)).themes[0] == " ".join(theme.split())
