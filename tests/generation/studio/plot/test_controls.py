"""Controls of a story world: cast, vocabulary, places, pace, held-out combinations, rare situations, cloze."""

import re
from functools import lru_cache
from typing import Any, get_args

import pytest

from moviellm.generation.briefs import StoryBrief
from moviellm.generation.config.recipe import Injection
from moviellm.generation.studio.plot import story as plot
from moviellm.generation.studio.plot.staged import Thread
from moviellm.generation.studio.plot.story import NoStoryError, Story
from moviellm.generation.studio.plot.telling import Teller, teller_of
from moviellm.generation.studio.world.actions import ACTIONS, Act, PreconditionError
from moviellm.generation.studio.world.limits import Limits
from tests.generation.studio.tales import VOCABULARY, brief, events, told

SEEDS = range(12)


@lru_cache(maxsize=256)
def played(seed: int, size: tuple[int, int, int], level: str, held_out: bool, world: str) -> Story:
    return told(brief(seed, size=size, level=level, held_out=held_out, world=eval_world(world)))


def eval_world(text: str) -> dict[str, Any]:
    """`cast=3 unique_keys=1` as a mapping."""
    pairs = (item.split("=") for item in text.split())
    return {name: value == "1" if name == "unique_keys" else value for name, value in pairs}


def stories(world: str, size: tuple[int, int, int] = (2, 4, 5), level: str = "rich", held_out: bool = False):
    return [played(seed, size, level, held_out, world) for seed in SEEDS]


def revisits(story: Story) -> float:
    return 1 - len({scene.place for scene in story.scenes}) / len(story.scenes)


@pytest.mark.parametrize("cast", [2, 3, 6])
def test_a_cast_is_as_large_as_asked_or_smaller_where_somebody_would_never_be_met(cast: int):
    sizes = [len(story.world.people) for story in stories(f"cast={cast}", (3, 4, 6))]
    assert max(sizes) == cast
    assert sum(size == cast for size in sizes) > len(sizes) * 0.7


def test_few_kinds_of_people():
    jobs = {person.occupation for story in stories("people=3") for person in story.world.people}
    assert jobs - {"girl", "boy"} <= set(list(VOCABULARY.data["occupations"])[:3])


def test_few_kinds_of_places():
    kinds = {place.kind for story in stories("places=5") for place in story.world.places}
    assert kinds <= set(list(VOCABULARY.data["places"])[:5])


@pytest.mark.parametrize("count", [12, 20, 30])
def test_few_kinds_of_actions(count: int):
    used = {event.act.action for story in stories(f"actions={count}") for event in events(story)}
    assert used <= set(VOCABULARY.data["actions"][:count])
    assert len(used) > 0.7 * count


def test_unique_keys_give_every_scene_its_place_and_every_action_one_event():
    for story in stories("unique_keys=1", (2, 3, 3)):
        places = [scene.place for scene in story.scenes]
        actions = [event.act.action for event in events(story)]
        assert len(set(places)) == len(places)
        assert len(set(actions)) == len(actions)


def test_unique_keys_go_as_far_as_they_go():
    story = told(brief(3, size=(9, 9, 1), world={"unique_keys": True}))
    assert len({scene.place for scene in story.scenes}) >= 25
    assert len(story.scenes) == 81


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_revisits_are_about_as_many_as_asked(share: float):
    shares = [revisits(story) for story in stories(f"revisits={share}", (3, 4, 5))]
    assert abs(sum(shares) / len(shares) - share) < 0.12


def test_pace_is_events_per_keyframe():
    rates = {
        pace: sum(len(events(story)) for story in stories(f"pace={pace}")) / (40 * len(SEEDS))
        for pace in ("slow", "even", "fast")
    }
    assert rates["slow"] < 0.45 < 0.48 < rates["even"] < 0.62 < 0.7 < rates["fast"]


def combinations(story: Story) -> set[tuple[str, ...]]:
    people = {("coat", person.looks.colour, person.looks.accessory) for person in story.world.people}
    return people | {("thing", thing.kind, thing.colour) for thing in story.world.things}


def test_held_out_combinations_do_not_occur_in_train():
    limits = Limits(world=brief(1, world={"held_out": 0.2}).world)
    found = [item for story in stories("held_out=0.2") for item in combinations(story)]
    assert len(found) > 60
    assert not any(limits.is_held_out(*item) for item in found)


def test_held_out_combinations_occur_in_every_test_movie():
    limits = Limits(world=brief(1, world={"held_out": 0.2}).world)
    for story in stories("held_out=0.2", held_out=True):
        assert {"coat", "thing"} <= {item[0] for item in combinations(story) if limits.is_held_out(*item)}


@pytest.mark.parametrize("name", get_args(Injection))
def test_a_rare_situation_occurs_when_asked_for(name: str):
    found = [told(brief(seed, size=(2, 4, 5), world={"inject": {name: 1.0}})).injected for seed in SEEDS]
    assert sum(name in names for names in found) > 0.8 * len(SEEDS)


@pytest.mark.parametrize("name", get_args(Injection))
def test_a_rare_situation_does_not_occur_unasked(name: str):
    assert not any(name in story.injected for story in stories(""))


def test_the_share_of_a_rare_situation_is_that_of_the_movies():
    wanted = sum(
        "time_jump" in told(brief(seed, size=(1, 2, 2), world={"inject": {"time_jump": 0.3}})).injected
        for seed in range(100)
    )
    assert 18 <= wanted <= 42


def test_identical_twins_look_the_same():
    for seed in SEEDS:
        story = told(brief(seed, world={"inject": {"identical_twins": 1.0}}))
        looks = [person.looks for person in story.world.people]
        assert len(set(looks)) == len(looks) - ("identical_twins" in story.injected)


def test_months_pass_in_a_time_jump():
    story = told(brief(4, world={"inject": {"time_jump": 1.0}}))
    dates = [scene.date[:7] for scene in story.scenes]
    assert len(set(dates)) > 1


def test_a_cloze_world_is_small():
    words: set[str] = set()
    for seed in range(60):
        story = told(brief(seed, size=(2, 2, 4), level="cloze"))
        names = [person.name for person in story.world.people]
        names += [place.name for place in story.world.places] + [thing.name for thing in story.world.things]
        words |= {word for name in names for word in re.findall(r"\w+", name.lower())}
        words |= {event.act.action for event in events(story)}
    assert len(words) < 70


def test_a_cloze_story_does_everything_once():
    for seed in range(30):
        story = told(brief(seed, size=(2, 2, 4), level="cloze"))
        actions = [event.act.action for event in events(story)]
        assert len(set(actions)) == len(actions)
        assert len({scene.place for scene in story.scenes}) == 4


def test_nothing_but_the_vocabulary_is_allowed():
    assert Limits().held_back("thing", "key", "gold") is False
    assert VOCABULARY.actions(Limits()) == set(ACTIONS)


HARD: tuple[dict[str, Any], ...] = (
    {"held_out": 0.5},
    {"held_out": 0.9},
    {"held_out": 0.9, "actions": 12, "cast": 2},
    {"held_out": 0.5, "actions": 12, "cast": 2, "places": 3},
    {"held_out": 0.9, "places": 3, "unique_keys": True},
)


def hard(seed: int, size: tuple[int, int, int], held_out: float, world: dict[str, Any], **rest: Any) -> StoryBrief:
    """A brief that keeps back a share of all combinations, though it be more than a recipe may ask for."""
    asked = brief(seed, size=size, world=world, **rest)
    return asked.model_copy(update={"world": asked.world.model_copy(update={"held_out": held_out})})


@pytest.mark.parametrize("level", ["cloze", "rich"])
@pytest.mark.parametrize("twin", [False, True])
@pytest.mark.parametrize("world", HARD, ids=str)
def test_a_story_that_can_hardly_be_told_is_told_or_says_what_is_missing(
    world: dict[str, Any], twin: bool, level: str
):
    rest = {name: value for name, value in world.items() if name != "held_out"}
    for seed, size in enumerate(((1, 1, 1), (2, 3, 2), (1, 1, 6), (2, 4, 5))):
        try:
            story = told(hard(seed, size, world["held_out"], rest, level=level, twin=twin))
        except ValueError as error:
            assert re.search("premise|no scene|make it longer", str(error))
        else:
            assert len(story.scenes) == size[0] * size[1]


@pytest.mark.parametrize("size", [(1, 1, 1), (2, 3, 4)])
@pytest.mark.parametrize(
    ("goal", "tool", "theme"), [("bury", "spade", "they bury something"), ("repair", "hammer", "a clock is repaired")]
)
def test_a_goal_is_chosen_only_where_its_tool_may_occur(goal: str, tool: str, theme: str, size: tuple[int, int, int]):
    for held_out, there in ((0.3, True), (0.5, False), (0.9, False)):
        for seed in range(6):
            asked = hard(seed, size, held_out, {}, theme=theme)
            assert (tool in VOCABULARY.objects(Limits.of(asked))) == there
            world = teller_of(VOCABULARY, asked).world
            assert (world.goal == goal) == there, seed
            assert any(thing.kind == tool for thing in world.things) or not there


def test_a_scene_in_which_nothing_can_happen_says_what_to_allow(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("moviellm.generation.studio.plot.telling.play", lambda *args: ([], [], {}))
    with pytest.raises(NoStoryError, match="no scene 1 of 8 can be told .* allow more in `world`"):
        told(brief(3))


def test_a_dead_end_fails_the_story_and_no_more(monkeypatch: pytest.MonkeyPatch):
    teller = teller_of(VOCABULARY, brief(3))
    teller.main = Thread("main", [Act("wait", "Nobody", "nowhere"), Act("drop", "Nobody", "nowhere", thing="nothing")])
    monkeypatch.setattr(Teller, "replan", lambda *args: False)
    with pytest.raises(NoStoryError, match="the main plot cannot end in the last 8 of 8 scenes"):
        teller.scene()


@pytest.mark.parametrize("twin", [False, True])
def test_an_impossible_act_fails_the_story_and_no_more(monkeypatch: pytest.MonkeyPatch, twin: bool):
    def impossible(*_: object) -> Story:
        raise PreconditionError("e00001: give needs something")

    monkeypatch.setattr(plot, "tell_twin" if twin else "tell", impossible)
    with pytest.raises(NoStoryError, match="seed 3 came to an act that is impossible .e00001: give needs something"):
        told(brief(3, twin=twin))


def test_the_order_in_which_rare_situations_are_listed_changes_nothing():
    wanted = {"time_jump": 1.0, "sudden_storm": 1.0, "false_alarm": 1.0}
    other = dict(reversed(wanted.items()))
    one, two = (told(brief(3, size=(2, 4, 5), world={"inject": shares})) for shares in (wanted, other))
    assert len(one.injected) > 1, "choose a seed that has several"
    assert one.injected == two.injected
