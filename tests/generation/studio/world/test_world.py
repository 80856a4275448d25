"""The world: built from the vocabulary, steered by the theme, with a cast nobody can mix up."""

import random

import pytest
import yaml

from moviellm.generation.studio.looks import parse
from moviellm.generation.studio.plot.goals import GOALS
from moviellm.generation.studio.world.casting import HAIR_SHAPES
from moviellm.generation.studio.world.founding import goal_fits, make_world
from moviellm.generation.studio.world.world import World
from tests.generation.studio.tales import THEMES, VOCABULARY

CLOSE = [
    {"red", "orange"}, {"orange", "yellow"}, {"green", "teal"}, {"teal", "blue"}, {"blue", "purple"},
    {"red", "pink"}, {"purple", "pink"}, {"brown", "orange"}, {"brown", "red"}, {"grey", "white"},
    {"black", "brown"}, {"pink", "white"}, {"yellow", "white"}, {"black", "grey"},
]  # fmt: skip


def world(theme: str, seed: int = 1, scenes: int = 20) -> World:
    return make_world(VOCABULARY, theme, scenes, random.Random(seed))


def worlds(scenes: int = 121) -> list[World]:
    return [world(theme, seed, scenes) for theme in THEMES for seed in range(6)]


def test_there_are_30_kinds_of_places_and_46_of_objects():
    assert (len(VOCABULARY.data["places"]), len(VOCABULARY.data["objects"])) == (30, 46)


def test_there_are_40_premises_over_15_genres():
    assert len({premise["name"] for premise in VOCABULARY.premises}) >= 40
    assert len({genre for premise in VOCABULARY.premises for genre in premise["genres"]}) >= 15


def test_every_premise_can_be_told_with_the_vocabulary():
    for premise in VOCABULARY.premises:
        assert set(premise["genres"]) <= set(VOCABULARY.data["genres"])
        assert premise["goal"] in GOALS
        kinds = VOCABULARY.data["objects"]
        assert any(goal_fits(premise["goal"], kind, tuple(kinds[kind]["traits"])) for kind in premise["key"])


def test_every_goal_is_the_goal_of_a_premise():
    assert {premise["goal"] for premise in VOCABULARY.premises} == set(GOALS)


def test_every_premise_is_called_by_its_own_words():
    for premise in VOCABULARY.premises:
        theme = " ".join([*premise["words"], premise["genres"][0]])
        assert premise["name"] in {world(theme, seed, 8).premise for seed in range(4)}, theme


def test_every_location_name_holds_exactly_one_kind_of_place():
    for made in worlds():
        for place in made.places:
            assert [word for word in place.name.split() if word in VOCABULARY.data["places"]] == [place.kind]
            assert place.name.startswith("the ")


def test_every_thing_is_a_colour_and_a_kind_of_the_vocabulary():
    for made in worlds():
        for thing in made.things:
            assert thing.name == f"{thing.colour} {thing.kind}"
            assert thing.colour in VOCABULARY.data["objects"][thing.kind]["colours"]


def test_no_two_places_are_of_a_kind_and_no_two_things_have_a_name():
    for made in worlds():
        assert len({place.kind for place in made.places}) == len(made.places)
        assert len({thing.name for thing in made.things}) == len(made.things)


def test_a_key_fits_one_container():
    for made in worlds():
        keys = [key for _, key in made.locks]
        assert len(set(keys)) == len(keys)
        assert all(made.thing(box).kind in ("chest", "suitcase", "box") for box, _ in made.locks)


def test_the_cast_is_two_to_six_and_the_places_three_to_ten():
    for made in [*worlds(1), *worlds(4), *worlds(121)]:
        assert 2 <= len(made.people) <= 6
        assert 3 <= len(made.places) <= 10


def test_nobody_shares_hair_accessory_or_coat_with_somebody_else():
    for made in worlds():
        looks = [person.looks for person in made.people]
        for field in ("accessory", "colour"):
            assert len({getattr(item, field) for item in looks}) == len(looks)
        assert len({HAIR_SHAPES[item.hair] for item in looks}) == len(looks)
        assert not any({one.colour, two.colour} in CLOSE for one in looks for two in looks if one != two)


def test_appearances_can_be_read_back_by_a_painter():
    for made in worlds():
        assert all(parse(person.appearance) == person.looks for person in made.people)


def test_names_differ_in_their_first_letter():
    for made in worlds():
        assert len({person.name[0] for person in made.people}) == len(made.people)


@pytest.mark.parametrize(
    ("theme", "kind"),
    [("a lighthouse keeper finds a map", "map"), ("a violin goes missing", "violin"), ("the two keys", "key")],
)
def test_the_first_object_of_a_theme_is_the_key_object(theme: str, kind: str):
    assert world(theme).things[0].kind == kind


def test_a_theme_names_places_and_an_occupation():
    made = world("a watchmaker at the harbour market")
    assert {"harbour", "market", "workshop"} <= {place.kind for place in made.places}
    assert made.people[0].occupation == "watchmaker"


def test_a_theme_sets_the_weather_and_the_goal():
    made = world("two sisters hide a letter in the fog")
    assert (made.weather, made.goal) == ("fog", "hide")


def test_a_theme_names_the_genre():
    assert world("a western about a horse").genre == "western"


def test_a_theme_with_a_girl_has_a_child_in_the_cast():
    assert world("an old watchmaker and a girl").people[1].looks.build == "child"


def test_plain_phrases_in_other_scripts_make_a_world():
    assert all(world(theme).places for theme in ("🦊🌙", "قصة مفتاح", "夜の駅", "עיר", "?!"))


def test_prepositions_are_words_and_not_yaml_booleans():
    assert {entry["at"] for entry in VOCABULARY.data["places"].values()} == {"in", "at", "on"}
    assert yaml.safe_load("on") is True
