"""A proposed world has to be of the vocabulary and to fit together; what is wrong is said at once."""

import pytest

from moviellm.generation.studio.world.casting import HAIR_SHAPES
from moviellm.generation.studio.world.limits import Limits
from moviellm.generation.writers.world.founding import found
from moviellm.generation.writers.world.proposal import world_type
from tests.generation.writers.worlds import WORLD, brief, founded, proposal
from tests.servers.world_answers import VOCABULARY


def people(**changes):
    return [{**person, **changes} if person["name"] == "Ben" else person for person in WORLD["people"]]


def without(*facts):
    return [fact for fact in WORLD["facts"] if fact["of"][0] not in facts]


def test_the_protagonist_and_the_key_object_come_first():
    world = founded().world
    assert (world.people[0].name, world.things[0].name) == ("Ada", "gold cup")


def test_places_and_things_may_be_named_without_article_or_colour():
    founding = founded()
    assert founding.quest.thing == "gold cup"
    assert founding.world.person("Cora").home == "the deep forest"


def test_everybody_begins_at_home_unless_a_fact_says_otherwise():
    at = [*WORLD["facts"], {"fact": "at", "of": ["Ben"], "value": "forest"}]
    cuts = dict(founded(facts=at).cuts)
    assert (cuts["at", "Ada"], cuts["at", "Ben"]) == ("the old inn", "the deep forest")


def test_a_message_is_what_the_text_says():
    assert dict(founded().cuts)["message", "white letter"] == "gold cup: the damp cellar"


WRONG = {
    "genre 'opera'": {"genre": "opera"},
    "place 'castle'": {"places": [{"kind": "castle", "adjective": "old"}]},
    "adjective of inn 'purple'": {"places": [{"kind": "inn", "adjective": "purple"}]},
    "two places are of the kind inn": {"places": [{"kind": "inn", "adjective": "old"}] * 2},
    "object 'laser'": {"things": [{"kind": "laser", "colour": "red"}]},
    "colour of key 'pink'": {"things": [{"kind": "key", "colour": "pink"}]},
    "occupation 'astronaut'": {"people": people(occupation="astronaut")},
    "hair 'mohawk'": {"people": people(hair="mohawk")},
    "home 'moon'": {"people": people(home="moon")},
    "a name is one or two words": {"people": people(name="held:Ada")},
    "got 2 protagonists": {"people": people(role="protagonist")},
    "got 1 people": {"people": WORLD["people"][1:2]},
    "got 2 chapters": {"chapters": ["a", "b"]},
    "two of the people, places and things": {"people": people(name="Cora")},
    "goal.hero": {"goal": {**WORLD["goal"], "hero": "Ben"}},
    "goal.thing": {"goal": {**WORLD["goal"], "thing": "Ben"}},
    "makes no sense": {"goal": {**WORLD["goal"], "kind": "read"}},
    "goal.topic": {"goal": {"kind": "heal", "hero": "Ada", "thing": "Ben"}},
    "no fact `where` says where the gold cup is": {"facts": without("gold cup")},
    "nobody can carry the brown chest": {
        "facts": [*without("brown chest"), {"fact": "where", "of": ["brown chest"], "value": "held:Ada"}]
    },
    "is hidden, so that it has to be at a place": {
        "facts": [*WORLD["facts"], {"fact": "hidden", "of": ["gold cup"], "value": "yes"}]
    },
    "cannot be open and locked": {"facts": [*WORLD["facts"], {"fact": "open", "of": ["brown chest"], "value": "yes"}]},
    "it is about text, subject": {
        "facts": [*WORLD["facts"], {"fact": "message", "of": ["gold cup", "Ben"], "value": "inn"}]
    },
    "the value has to be": {"facts": [*WORLD["facts"], {"fact": "feels", "of": ["Ada", "Ben"], "value": "bored"}]},
    "fact 'dead'": {"facts": [*WORLD["facts"], {"fact": "dead", "of": ["Ben"], "value": "yes"}]},
}


@pytest.mark.parametrize("said", WRONG)
def test_what_does_not_fit_is_refused_with_the_reason(said):
    with pytest.raises(ValueError, match=said):
        founded(**WRONG[said])


def test_several_faults_are_said_at_once():
    with pytest.raises(ValueError, match=r"genre 'opera'.*; .*colour of key 'pink'"):
        founded(genre="opera", things=[{"kind": "key", "colour": "pink"}])


def test_a_container_in_itself_is_refused():
    things = [*WORLD["things"], {"kind": "box", "colour": "red"}]
    facts = [
        *without("gold cup", "brown chest", "white bandage"),
        {"fact": "where", "of": ["gold cup"], "value": "held:Cora"},
        {"fact": "where", "of": ["white bandage"], "value": "in:brown chest"},
        {"fact": "where", "of": ["brown chest"], "value": "in:red box"},
        {"fact": "where", "of": ["red box"], "value": "in:brown chest"},
    ]
    with pytest.raises(ValueError, match="in itself"):
        founded(things=things, facts=facts)


def test_people_who_look_alike_are_told_apart():
    alike = {"hair": "bob", "colour": "red", "accessory": "glasses"}
    world = founded(people=[{**person, **alike} for person in WORLD["people"]]).world
    looks = [person.looks for person in world.people]
    assert looks[0].accessory == "glasses"
    for part in (lambda x: HAIR_SHAPES[x.hair], lambda x: x.colour, lambda x: x.accessory):
        assert len({part(item) for item in looks}) == len(looks)


def test_people_who_differ_keep_their_looks():
    looks = founded().world.person("Cora").looks
    assert (looks.hair, looks.colour, looks.accessory) == ("long", "green", "a scarf")


def test_the_schema_lists_the_words_that_the_recipe_allows():
    asked = brief(world={"places": 3, "actions": 45})
    schema = world_type(VOCABULARY, Limits.of(asked)).model_json_schema()
    assert schema["$defs"]["PlaceProposal"]["properties"]["kind"]["enum"] == ["street", "harbour", "forest"]


def test_what_a_smaller_world_leaves_out_is_refused():
    asked = brief(world={"places": 3})
    with pytest.raises(ValueError, match="place 'inn' is not of the vocabulary: street, harbour, forest"):
        found(VOCABULARY, Limits.of(asked), proposal(), asked)
