"""A whole movie in one call: the control of the ablation."""

from pathlib import Path
from typing import Any

import pytest

from tests.generation.writers.story_model import StoryModel, make, movies_of, recipe_of

ONE_SHOT = {"expand": "one_shot"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, StoryModel]:
    run, model = tmp_path_factory.mktemp("one-shot"), StoryModel()
    assert make(run, recipe_of(story=ONE_SHOT), model).failed == {}
    return run, model


def test_the_plot_is_one_call(made: tuple[Path, StoryModel]) -> None:
    assert made[1].calls() == {"outline": 1, "dialogue": 4, "questions": 2}


def test_the_same_story_comes_out_as_level_by_level(made: tuple[Path, StoryModel], tmp_path: Path) -> None:
    make(tmp_path, recipe_of(), StoryModel())
    (one,), (other,) = movies_of(made[0]), movies_of(tmp_path)
    assert one.chapters == other.chapters and one.events == other.events and one.characters == other.characters


def _late_fault(answer: Any, data: dict[str, Any]) -> None:
    answer["chapters"][1]["scenes"][1]["events"][0]["participants"] = ["Zebulon"]


def _too_short(answer: Any, data: dict[str, Any]) -> None:
    answer["chapters"][1]["scenes"].pop()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_late_fault, "chapter 2, scene 2: event e1: the person 'Zebulon' was not introduced"),
        (_too_short, "chapter 2 has 1 scenes, asked for 2"),
    ],
)
def test_the_same_rules_hold_and_are_said_in_the_repair_turn(tmp_path: Path, spoil: Any, said: str) -> None:
    model = StoryModel({"outline": spoil}, times=1)
    assert make(tmp_path, recipe_of(story=ONE_SHOT), model).failed == {}
    assert said in model.repairs[0]
