"""What no scene of a story uses leaves its world: people nobody meets, places nobody goes to, things nobody touches.

    story = pruned(story)

The world of a movie is what its questions may ask about, so what never occurs is not in it.
"""

from collections.abc import Collection
from dataclasses import replace

from moviellm.generation.studio.plot.chronicle import SceneLog, Story
from moviellm.generation.studio.world.act import ELSEWHERE
from moviellm.generation.studio.world.actions import NOWHERE, Fact, Value
from moviellm.generation.studio.world.world import Person, Place


def named(story: Story) -> set[str]:
    """Every name that an event or a scene's place mentions."""
    names: set[str] = set()
    for scene in story.scenes:
        names.add(scene.place)
        for event in scene.events:
            act = event.act
            names.update((act.actor, act.other, act.place, act.thing, act.target, act.topic))
    return names


def pruned(story: Story, *, gone: set[str] | None = None, kept: Collection[str] = ()) -> Story:
    """The story without unused people, places and things; or without those in `gone`."""
    world, quest = story.world, story.quests[-1]
    if gone is None:
        quest = replace(quest, friend=_friend(story))
    if gone is None:
        used = named(story) | set(kept) | {quest.hero, quest.friend, quest.thing, quest.topic, world.things[0].name}
        people, places = [person.name for person in world.people], [place.name for place in world.places]
        gone = {*people, *places, *(thing.name for thing in world.things)} - used
    left = tuple(place for place in world.places if place.name not in gone)
    story.world = replace(
        world,
        people=tuple(_settled(person, left) for person in world.people if person.name not in gone),
        places=left,
        things=tuple(thing for thing in world.things if thing.name not in gone),
        locks=tuple(pair for pair in world.locks if not gone & set(pair)),
    )
    villain = None if quest.villain in gone else quest.villain
    place = story.scenes[-1].place if quest.place in gone else quest.place
    story.quests = [replace(quest, villain=villain, place=place)] * len(story.quests)
    scenes = [_without(scene, gone) for scene in story.scenes]
    story.scenes, story.by_first_event = [], {}
    for scene in scenes:
        story.add(scene)
    return story


def _friend(story: Story) -> str:
    """The friend of the quest, or whoever else is met if the friend never is."""
    quest, used = story.quests[-1], named(story)
    others = [person.name for person in story.world.people if person.name in used and person.name != quest.hero]
    others.sort(key=lambda name: name == quest.villain)
    return quest.friend if quest.friend in used or not others else others[0]


def _settled(person: Person, places: tuple[Place, ...]) -> Person:
    """Somebody with a home that is still there."""
    if any(place.name == person.home for place in places):
        return person
    home = places[sum(map(ord, person.name)) % len(places)].name
    return replace(person, home=home, description=person.description.replace(person.home, home))


def _without(scene: SceneLog, gone: set[str]) -> SceneLog:
    cuts = [kept for fact, value in scene.cuts if (kept := without(fact, value, gone)) is not None]
    start = [kept for fact, value in scene.start.items() if (kept := without(fact, value, gone)) is not None]
    return replace(scene, cuts=tuple(cuts), start=dict(start))


def without(fact: Fact, value: Value, gone: set[str]) -> tuple[Fact, Value] | None:
    """A fact in a world without some names; None when it is about one of them."""
    if not gone.isdisjoint(fact[1:]):
        return None
    if isinstance(value, bool):
        return fact, value
    if fact[0] == "at":
        return fact, ELSEWHERE if value in gone else value
    if fact[0] == "where":
        return fact, NOWHERE if value.partition(":")[2] in gone else value
    if fact[0] == "message":
        return None if not gone.isdisjoint(value.split(": ")) else (fact, value)
    return None if value in gone else (fact, value)
