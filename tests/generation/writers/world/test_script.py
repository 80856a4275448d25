"""A script says what was decided, and the whole story follows from it."""

import json

import pytest

from moviellm.generation.studio.world.actions import PreconditionError
from moviellm.generation.writers.world.script import Script, script_of, story_of
from tests.generation.studio.tales import VOCABULARY, brief, tale, told

SEEDS = range(10)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_story_of_a_script_is_the_story_that_it_was_made_of(seed):
    story = tale(seed)
    again = story_of(VOCABULARY, Script.model_validate_json(script_of(story).text()))
    assert again == story


@pytest.mark.parametrize("seed", SEEDS)
def test_the_script_of_the_story_of_a_script_is_that_script(seed):
    text = script_of(tale(seed)).text()
    assert script_of(story_of(VOCABULARY, Script.model_validate_json(text))).text() == text


def test_a_cloze_story_comes_back_from_its_script_too():
    story = told(brief(3, theme="a key", size=(1, 2, 4), level="cloze"))
    assert story_of(VOCABULARY, script_of(story)) == story


def test_a_script_holds_no_state_cause_or_change():
    scenes = json.loads(script_of(tale(1)).text())["scenes"]
    keys = {key for scene in scenes for step in scene["steps"] for key in step}
    assert keys <= {"action", "actor", "other", "thing", "target", "topic", "mode", "thread"}


def test_an_impossible_act_in_a_script_is_no_story():
    script = script_of(tale(1))
    first = script.scenes[0]
    act = first.steps[0].model_copy(update={"action": "free", "other": script.people[1].name, "mode": ""})
    if act.actor == act.other:
        act = act.model_copy(update={"other": script.people[0].name})
    broken = script.model_copy(update={"scenes": (first.model_copy(update={"steps": (act,)}),)})
    with pytest.raises(PreconditionError):
        story_of(VOCABULARY, broken)
