"""A keyframe described in detail from how it was staged: framing, place, light, people and things. In English.

    describe(movie, keyframe)       # "A medium shot in a cemetery, by day, in a storm. On the left, ..."
    seen_people(movie, keyframe)    # the cast that is to be seen, from left to right; None where nobody measured it

It says only what the records know and the style shows, and nothing of what is hidden or was not drawn. There is no
description where framing or staging are unknown, as in imported movies, and none of people who are seen from behind:
what they wear and feel is then not to be seen. Its words are in describe.en.yaml.
"""

from collections.abc import Iterator
from typing import Any

from moviellm.generation.schema import Character, Figure, Keyframe, Movie, Scene, StyleFact
from moviellm.training.rows.words import bare, capital, load_yaml, plain

HIDDEN = 0.8
"""Share of a thing that must be hidden for it to count as not to be seen."""


def seen_people(movie: Movie, keyframe: Keyframe) -> list[Character] | None:
    """The cast in the picture, from left to right; None where nobody measured what can be seen."""
    if keyframe.visible is None:
        return None
    cast = {person.character_id: person for person in movie.characters}
    boxes = [one for one in keyframe.visible if one.kind == "person" and one.occluded < HIDDEN]
    return [cast[one.entity_id] for one in sorted(boxes, key=lambda one: one.x + one.width / 2)]


def describe(movie: Movie, keyframe: Keyframe) -> str | None:
    """The description, or None where it would say what nobody knows."""
    people = seen_people(movie, keyframe)
    staged = {figure.character_id: figure for figure in keyframe.figures}
    shows = movie.style.shows if movie.style is not None else None
    if people is None or keyframe.shot in (None, "over_shoulder") or (shows is not None and "colour" not in shows):
        return None
    if any(one.character_id not in staged or staged[one.character_id].facing == "back" for one in people):
        return None
    words = load_yaml("describe.en.yaml")
    scene = next(one for one in movie.scenes() if keyframe.keyframe_id.startswith(f"{one.scene_id}-"))
    parts = [_setting(movie, keyframe, scene, shows, words)]
    parts += _people(movie, [(p, staged[p.character_id]) for p in people], shows, words) or [words["nobody"]]
    parts += _props(movie, keyframe, words)
    return plain(" ".join(parts))


def _setting(
    movie: Movie, keyframe: Keyframe, scene: Scene, shows: tuple[StyleFact, ...] | None, words: dict[str, Any]
) -> str:
    place = next((one for one in movie.locations if one.name == scene.location), None)
    parts = [str(words["shot"][keyframe.shot])]
    if place is not None and place.kind:
        word = place.kind.split()[-1].lower()
        form = "upon" if word in words["place_upon"] else "beside" if word in words["place_beside"] else "inside"
        parts[0] += f" {words['place'][form].format(a_place=a(place.kind))}"
    if scene.time_of_day is not None and (shows is None or "time_of_day" in shows):
        parts.append(words["time_of_day"][scene.time_of_day])
    outdoors = place is not None and not place.indoor
    if scene.weather is not None and outdoors and (shows is None or "weather" in shows):
        parts.append(words["weather"][scene.weather])
    return ", ".join(parts) + "."


def _people(
    movie: Movie, seen: list[tuple[Character, Figure]], shows: tuple[StyleFact, ...] | None, words: dict[str, Any]
) -> list[str]:
    told = []
    for number, (person, figure) in enumerate(seen):
        thing = _thing(movie, figure.holding) if figure.holding else None
        doing = words["pose"][figure.pose]
        with_thing = words["pose_with"].get(figure.pose)
        clauses = [with_thing.format(object=a(thing)) if thing and with_thing else doing]
        if shows is None or "feeling" in shows:
            clauses.append(words["emotion"][figure.emotion])
        if thing and not with_thing:
            clauses.append(words["holding"].format(object=a(thing)))
        where = words["at"][_place_in_row(number, len(seen))]
        told.append(capital(f"{where}{bare(person.appearance)} {_joined(clauses)}."))
    return told


def _place_in_row(number: int, count: int) -> str:
    if count == 1:
        return "one"
    if number == 0:
        return "left"
    if number == count - 1:
        return "right"
    return "middle" if count == 3 else "between" if number == 1 else "next"


def _props(movie: Movie, keyframe: Keyframe, words: dict[str, Any]) -> Iterator[str]:
    """What lies in view, with its state; what is hidden, not drawn or has no English name is left out."""
    to_be_seen = {one.entity_id for one in keyframe.visible or () if one.occluded < HIDDEN}
    states = {one.object: str(words["state"][one.state]) for one in keyframe.states}
    found = []
    for name in keyframe.props:
        thing = _thing(movie, name)
        if thing is not None and name in to_be_seen and not any(name in missing for missing in keyframe.not_drawn):
            found.append(a(f"{states[name]} {thing}" if name in states else thing))
    if found:
        yield words["props"]["one" if len(found) == 1 else "more"].format(objects=_joined(found))


def _thing(movie: Movie, name: str) -> str | None:
    """English name of an object: its colour and kind where the movie lists it."""
    listed = next((one.appearance for one in movie.objects if one.name == name), None)
    return listed or (name if movie.language.split("-")[0] == "en" else None)


def _joined(items: list[str]) -> str:
    return " and ".join(part for part in (", ".join(items[:-1]), items[-1]) if part)


def a(noun: str) -> str:
    """`a key`, `an old map`."""
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"
