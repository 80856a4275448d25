"""Titles of movies."""

import random
from unittest.mock import patch

from moviellm.generation.studio.script import outlines
from moviellm.generation.studio.script.language import Voice
from moviellm.generation.studio.script.prose import Prose
from moviellm.generation.studio.speakers import Speakers
from tests.generation.studio.kit import brief, story

GRAMMAR = Speakers().of("en", "rich").grammars["outline"]


def test_a_title_never_names_the_home_of_the_hero_twice() -> None:
    told = story(brief())
    for seed in range(40):
        voice = Voice(GRAMMAR, random.Random(seed))
        with patch.object(Voice, "say", lambda self, rule, slots: f"{slots['The_home']}|{slots['The_place']}"):
            home, place = outlines._title(Prose(told.world, voice), told).split("|")
        assert home != place
