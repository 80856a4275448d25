"""How much time has passed between two scenes, in words."""

import random
from types import SimpleNamespace
from typing import cast

import pytest

from moviellm.generation.studio.plot.story import SceneLog
from moviellm.generation.studio.script.language import Voice
from moviellm.generation.studio.script.when import gap_of
from moviellm.generation.studio.writer import OfflineWriter

GRAMMAR = OfflineWriter()._speaker("en", "rich").grammars["chapter"]


def scene(date: str, clock: str) -> SceneLog:
    return cast(SceneLog, SimpleNamespace(date=date, clock=clock))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (("1931-10-04", "09:00"), ("1931-10-04", "18:00"), None),
        (("1931-10-04", "23:00"), ("1931-10-05", "01:00"), None),
        (("1931-10-05", "01:00"), ("1931-10-05", "09:00"), None),
        (("1931-10-04", "09:00"), ("1931-10-05", "09:00"), ""),
        (("1931-10-04", "09:00"), ("1931-10-08", "09:00"), "four days"),
        (("1931-10-04", "09:00"), ("1931-10-12", "09:00"), "a week"),
        (("1931-10-04", "09:00"), ("1932-01-06", "09:00"), "three months"),
        (("1931-10-04", "09:00"), ("1933-10-06", "09:00"), "24 months"),
    ],
)
def test_a_gap_is_said_in_the_largest_unit(before: tuple[str, str], after: tuple[str, str], said: str | None):
    assert gap_of(Voice(GRAMMAR, random.Random(1)), scene(*before), scene(*after)) == said


def test_the_first_scene_has_no_gap():
    assert gap_of(Voice(GRAMMAR, random.Random(1)), None, scene("1931-10-04", "09:00")) is None
