"""Twins of a proposed story: alike to the byte until one act goes otherwise, and every answer exact in both."""

import asyncio

import pytest

from moviellm.generation.briefs import ChapterBrief, ChapterDraft, OutlineDraft
from moviellm.generation.plot import check_outline
from moviellm.generation.studio.plot.story import NoTwinError
from moviellm.generation.studio.plot.twins import ending
from moviellm.generation.writers.world.script import script_of, story_of
from moviellm.generation.writers.world.twins import twin_of
from tests.generation.studio import kit
from tests.generation.studio.tales import VOCABULARY, replay
from tests.generation.writers.worlds import WorldBench, recipe, written
from tests.servers.world_answers import world_answers

ACTIONS = frozenset(VOCABULARY.data["actions"])


def pair(seed):
    """A story of the double and its twin."""
    bench, brief = WorldBench(recipe(), world_answers(0.2)), kit.brief(theme=kit.THEMES[seed % 8], seed=seed)
    original = asyncio.run(bench.world.proposed(brief, seed)).story
    return original, twin_of(original, brief, ACTIONS), brief


@pytest.fixture(scope="module", params=[0, 4, 5])
def films(request):
    return pair(request.param)


def test_a_twin_is_its_original_until_the_parting(films):
    original, twin, _ = films
    there, here = twin.twin_acts
    told = [
        [(scene.cuts, event.act, event.core, event.because) for scene in film.scenes for event in scene.events]
        for film in (original, twin)
    ]
    apart = next(i for i, (one, two) in enumerate(zip(*told, strict=False)) if one != two)
    assert (told[0][apart][1], told[1][apart][1]) == (there, here)
    assert told[0][apart][0] == told[1][apart][0]


def test_twins_share_their_world_and_end_otherwise(films):
    original, twin, _ = films
    assert twin.world == original.world
    assert ending(twin) != ending(original)


def test_what_a_twin_tells_can_happen(films):
    _, twin, brief = films
    assert all(replay(twin).values())
    assert all(1 <= len(scene.events) <= brief.keyframes for scene in twin.scenes)


def test_the_script_of_a_twin_tells_the_twin(films):
    _, twin, _ = films
    assert story_of(VOCABULARY, script_of(twin)).scenes == twin.scenes


def test_a_twin_costs_no_answer_that_its_original_has_not():
    bench, brief = WorldBench(recipe()), kit.brief(seed=4)
    first = written(bench, brief)
    asked = {ask.key for ask in bench.service.asked}
    second = written(bench, brief.model_copy(update={"twin": True}))
    assert {ask.key for ask in bench.service.asked} == asked
    assert (first["characters"], first["locations"]) == (second["characters"], second["locations"])
    assert second["twin_difference"].startswith("Here ")


def test_a_twin_has_the_size_of_its_original():
    bench, brief = WorldBench(recipe()), kit.brief(seed=4).model_copy(update={"twin": True})
    outline = OutlineDraft.model_validate(written(bench, brief))
    check_outline(outline, brief)
    request = bench.world.request("chapter", ChapterBrief(story=brief, outline=outline, chapter_index=0), 1)
    assert len(ChapterDraft.model_validate(asyncio.run(bench.world.write(request))).scenes) == 2


def test_a_story_that_cannot_go_otherwise_has_no_twin():
    with pytest.raises(NoTwinError, match="no point at which it could go otherwise"):
        pair(3)
