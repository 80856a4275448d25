"""What any writer's words are drawn as by the offline painter, and what it says that it could not draw."""

import pytest

from moviellm.generation.paintings import ObjectBrief
from moviellm.generation.studio import nearest
from moviellm.generation.studio.drawing.artfiles import art_data
from moviellm.generation.studio.drawing.places import PLACES
from moviellm.generation.studio.drawing.props import object_kind, read_object
from moviellm.generation.studio.looks import ALLOWED, parse
from moviellm.generation.studio.world.actions import ACTIONS
from tests.generation.studio import kit
from tests.generation.studio.painted import PHRASES, brief, figures, paint, request, state


def unsaid(**changes):
    """What a keyframe's request says will not be drawn."""
    return request(**changes).body()["inputs"].get("not_drawn", [])


def test_every_word_means_something_that_can_be_drawn():
    words = nearest.nearest()
    assert set(words["objects"].values()) <= set(art_data("objects"))
    assert set(words["places"].values()) <= set(PLACES)
    assert set(words["actions"].values()) <= set(ACTIONS)
    assert set(words["object_colours"].values()) <= set(art_data("colours")["object"])
    for attribute, meanings in words["looks"].items():
        assert set(meanings.values()) <= set(ALLOWED[attribute]), attribute


def test_no_word_is_listed_that_the_painter_knows_already():
    words = nearest.nearest()
    assert [word for word in words["objects"] if object_kind(word)] == []
    assert [word for word in words["places"] if word in PLACES or word in art_data("words")["places"]] == []
    assert [word for word in words["actions"] if word in ACTIONS] == []
    assert [word for word in words["object_colours"] if word in art_data("colours")["object"]] == []


def test_offline_stories_leave_nothing_undrawn():
    for theme in kit.THEMES[:3]:
        movie = kit.make(theme, chapters=2, scenes=3, keyframes=5)
        things = {thing.name: thing.appearance for thing in movie.objects}
        for name in {prop for frame in movie.keyframes() for prop in frame.props}:
            assert nearest.read_thing(things.get(name, name), name) == (things.get(name, name), None)
        for person in movie.characters:
            assert nearest.read_looks(person.appearance) == (person.appearance, ())
        assert [nearest.read_action(event.action) for event in movie.events] == [
            (e.action, None) for e in movie.events
        ]


def test_request_without_anything_undrawn_does_not_mention_it():
    assert "not_drawn" not in request().body()["inputs"]


def test_unknown_object_is_a_bundle_and_is_said():
    gizmo = (ObjectBrief(name="the gizmo", appearance="odd quantum gizmo"),)
    assert unsaid(props=("the gizmo",), objects=gizmo) == ["object: the gizmo (drawn as a bundle)"]
    painting, _ = paint(props=("the gizmo",), objects=gizmo)
    assert painting.not_drawn == ("object: the gizmo (drawn as a bundle)",)


def test_object_of_another_name_is_drawn_as_the_nearest_kind():
    said, missing = nearest.read_thing("navy sextant", "the sextant")
    thing = read_object(said, "the sextant")
    assert missing is None and thing.kind == "telescope" and thing.colour == read_object("blue key").colour


def test_name_of_an_object_helps_where_its_looks_say_nothing():
    said, missing = nearest.read_thing("very old", "silver key")
    assert (
        missing is None
        and read_object(said).kind == "key"
        and read_object(said).colour == read_object("silver key").colour
    )


def test_unknown_place_is_plain_and_is_said():
    changes = {"location": "the orbital pod", "location_description": "", "indoor": True}
    assert unsaid(**changes) == ["place: the orbital pod (drawn as a room)"]
    assert request(**changes).body()["inputs"]["place"] == "room"
    assert unsaid(location="the quiet", indoor=False) == ["place: the quiet (drawn as a clearing)"]


def test_place_of_another_name_is_the_nearest_kind():
    assert nearest.read_place(brief(location="the long corridor", indoor=True)) == ("room", None)
    assert nearest.read_place(brief(location="the vast hangar", indoor=True)) == ("barn", None)
    assert nearest.read_place(brief(location="the bay", location_kind="shoreline")) == ("beach", None)


def test_place_under_the_sky_is_never_drawn_with_a_roof():
    said = "place: the long corridor (drawn as a clearing)"
    assert nearest.read_place(brief(location="the long corridor", indoor=False)) == ("clearing", said)


@pytest.mark.parametrize(
    ("said", "means"), [("embraces", "hug"), ("hand over", "give"), ("chasing", "chase"), ("pick_up", "pick_up")]
)
def test_action_in_other_words_sets_people_apart_as_its_own_would(said, means):
    assert nearest.read_action(said) == (means, None)


def test_unknown_action_is_said():
    assert unsaid(action="levitate") == ["action: levitate (shown by pose and hands)"]


def test_free_looks_become_the_phrase_of_who_is_drawn():
    text = "a lean woman in her forties with auburn curls, olive skin, a mustard raincoat and spectacles"
    said, ignored = nearest.read_looks(text)
    assert ignored == ()
    assert said == "a slim person with red curly hair, tan skin, a yellow coat and glasses"
    assert parse(said) == parse(nearest.read_looks(said)[0])


def test_looks_that_nobody_draws_are_said_and_so_is_a_second_accessory():
    people = figures(
        "stand", phrases=("a tall man with short dark hair, kind eyes, a blue suit, spectacles and a scarf",)
    )
    assert unsaid(figures=people) == ["looks: a scarf", "looks: kind eyes"]


def test_fixed_phrases_are_left_as_they_are():
    assert [nearest.read_looks(text) for text in PHRASES] == [(text, ()) for text in PHRASES]


def test_same_words_always_give_the_same_person():
    nearest.read_looks.cache_clear()
    first = nearest.read_looks("someone in a robe")
    nearest.read_looks.cache_clear()
    assert nearest.read_looks("someone in a robe") == first


def test_state_without_a_drawing_is_said():
    assert unsaid(states=(state("blue book", "lit"),)) == ["state: blue book lit"]
    chest = {"props": ("brown chest",), "states": (state("brown chest", "open"),)}
    assert unsaid(**chest) == []
