"""How a world is founded: the premise a theme calls, the objects and places its plot needs, and the cast.

    world = make_world(vocabulary, "a lighthouse keeper finds a map", scenes=4, rng=random.Random(7))

It puts nothing anywhere: see quests.py.
"""

import random
from collections.abc import Mapping
from typing import Any

from moviellm.generation.studio.world.casting import cast_people
from moviellm.generation.studio.world.limits import Limits
from moviellm.generation.studio.world.world import Place, Thing, Vocabulary, World, tokens

PLACES_MAX = 10
"""Places of a story that may go back to them."""
THINGS_MAX = 28
GOAL_ACTIONS = {
    "hold": ("pick_up",), "return": ("give",), "deliver": ("give", "read"), "hide": ("hide",),
    "bury": ("bury",), "read": ("read",), "open": ("open",), "meet": ("hug",), "free": ("free",),
    "heal": ("heal",), "repair": ("repair",), "arrest": ("arrest", "steal", "watch"),
    "reconcile": ("apologise", "argue", "hug"), "trade": ("trade",), "show": ("show",), "know": ("tell", "ask"),
}  # fmt: skip
"""Goals with the actions they cannot do without."""
OBSTACLE_THINGS = {
    "locked": ("chest", "key"), "buried": ("spade",), "dark": ("lantern",), "broken": ("hammer",),
    "wounded": ("bandage",), "captive": ("key",), "message": ("letter",), "favour": ("flower",),
}  # fmt: skip
"""Obstacles with kinds of objects that make them."""
TOOLS = {"bury": "spade", "repair": "hammer"}
"""Goals with the kind of object that they cannot do without, beside the key object."""


USEFUL = ("letter", "spade", "chest", "hammer", "bandage", "knife", "lantern", "bread", "box", "cup", "book")
"""Kinds that sub-plots are made of: some of them are in every longer story."""


def goal_fits(goal: str, kind: str, traits: tuple[str, ...]) -> bool:
    """Whether a goal makes sense with that object: nobody reads a rope or carries a chest about."""
    if "furniture" in traits or goal == "open":
        return goal in ("open", "meet") and "container" in traits
    if goal == "free":
        return kind == "key"
    needs = {"read": "text", "show": "text", "deliver": "letter", "heal": "remedy", "repair": "breakable"}
    return needs.get(goal, "") in ("", *traits)


def make_world(
    vocabulary: Vocabulary, theme: str, scenes: int, rng: random.Random, limits: Limits | None = None
) -> World:
    """A world for a movie of that many scenes."""
    limits = limits or Limits()
    data = vocabulary.data
    premise, key = _premise(vocabulary, theme, limits, rng)
    genre = _genre(vocabulary, theme, premise, rng)
    jobs = vocabulary.occupations(limits)
    named = [job for job in vocabulary.known("occupations", theme) if job in jobs]
    occupation = (named or [rng.choice(jobs)])[0]
    things = _things(vocabulary, theme, scenes, premise, key, limits, rng)
    places = _places(vocabulary, theme, data["occupations"][occupation]["home"], scenes, premise, limits, rng)
    return World(
        genre=genre,
        keyword=data["genres"][genre]["keyword"],
        look=data["genres"][genre]["look"],
        goal=str(premise["goal"]),
        people=cast_people(vocabulary, theme, occupation, places, _cast_size(scenes, limits, rng), limits, rng),
        places=places,
        things=things,
        weather=_first(
            vocabulary.known("weather", theme), rng, ("clear", "cloudy", "clear", "rain", "fog", "snow", "storm")
        ),
        time_of_day=_first(vocabulary.known("time_of_day", theme), rng, ("dawn", "day", "day", "dusk", "night")),
        premise=str(premise["name"]),
        locks=locks_of(things),
    )


def _first(found: list[str], rng: random.Random, otherwise: tuple[str, ...]) -> Any:
    return found[0] if found else rng.choice(otherwise)


def _cast_size(scenes: int, limits: Limits, rng: random.Random) -> int:
    if limits.world.cast:
        return limits.world.cast
    if scenes <= 2:
        return 2 if scenes == 1 and rng.random() < 0.5 and not limits.inject else 3
    return rng.choice((3, 4)) if scenes < 9 else 5 if scenes < 30 else 6


def _premise(
    vocabulary: Vocabulary, theme: str, limits: Limits, rng: random.Random
) -> tuple[Mapping[str, Any], str | None]:
    """The premise that a theme calls loudest, and the kind of the key object if the theme names one that fits."""
    words, actions, objects = set(tokens(theme)), vocabulary.actions(limits), vocabulary.objects(limits)
    named = [kind for kind in vocabulary.known("objects", theme) if kind in objects]
    goals, genres = vocabulary.known("goals", theme), vocabulary.known("genres", theme)
    traits = {kind: tuple(vocabulary.data["objects"][kind]["traits"]) for kind in objects}
    scored: list[tuple[float, int, Mapping[str, Any], str | None]] = []
    for i, premise in enumerate(vocabulary.premises):
        goal = str(premise["goal"])
        if not actions.issuperset(GOAL_ACTIONS[goal]) or (
            limits.cloze and goal not in vocabulary.data["cloze"]["goals"]
        ):
            continue
        fitting = [kind for kind in named if goal_fits(goal, kind, traits[kind])]
        possible = fitting or [kind for kind in premise["key"] if kind in objects]
        if not [kind for kind in possible if goal_fits(goal, kind, traits[kind])]:
            continue
        score = 3.0 * len(words & set(tokens(" ".join(premise["words"]))))
        score += (4.0 if goals[:1] == [goal] else 2.0) if goal in goals else 0.0
        score += 2.0 * bool(set(genres) & set(premise["genres"])) + 3.0 * bool(set(named) & set(premise["key"]))
        score += 8.0 * (named[:1] == fitting[:1]) if named else 0.0
        score += 0.5 * rng.random()
        if TOOLS.get(goal) in (None, *objects):
            scored.append((score, -i, premise, fitting[0] if fitting else None))
    if not scored:
        raise ValueError("no premise can be told with these actions and objects; allow more in `world` of the recipe")
    best = max(scored, key=lambda row: row[:2])
    return best[2], best[3]


def _genre(vocabulary: Vocabulary, theme: str, premise: Mapping[str, Any], rng: random.Random) -> str:
    known = vocabulary.known("genres", theme)
    both = [genre for genre in known if genre in premise["genres"]]
    return (both or known or [rng.choice(list(premise["genres"]))])[0]


def _things(
    vocabulary: Vocabulary,
    theme: str,
    scenes: int,
    premise: Mapping[str, Any],
    key: str | None,
    limits: Limits,
    rng: random.Random,
) -> tuple[Thing, ...]:
    """The key object first, then what the plot needs, what the theme names, and what lies about."""
    objects, data = vocabulary.objects(limits), vocabulary.data["objects"]
    goal = str(premise["goal"])
    fits = [kind for kind in premise["key"] if kind in objects and goal_fits(goal, kind, tuple(data[kind]["traits"]))]
    kinds = [key or rng.choice(fits)]
    if scenes > 1:
        needs = [kind for obstacle in premise["obstacles"] for kind in OBSTACLE_THINGS.get(obstacle, ())]
        needs += ["spade"] * (goal == "bury") + ["hammer"] * (goal == "repair") + ["bandage"] * (goal == "heal")
        needs += ["letter"] * (scenes > 3 and rng.random() < 0.7)
        kinds += [kind for kind in dict.fromkeys(needs) if kind in objects and kind not in kinds]
    elif TOOLS.get(goal) in objects:
        kinds.append(TOOLS[goal])
    kinds += [kind for kind in vocabulary.known("objects", theme)[:6] if kind in objects and kind not in kinds]
    rest = [kind for kind in objects if kind not in kinds]
    rng.shuffle(rest)
    useful = rng.sample(USEFUL, 5)
    rest.sort(key=lambda kind: kind not in useful)
    count = min(THINGS_MAX, max(7, len(kinds) + min(5, scenes)) + scenes // 2)
    kinds += rest[: max(0, count - len(kinds))]
    if any("lockable" in data[kind]["traits"] for kind in kinds) and "key" not in kinds and "key" in objects:
        kinds.append("key")
    if not {"lantern", "candle"} & set(kinds) and "lantern" in objects:
        kinds.append("lantern")
    if "lights_out" in limits.inject:
        kinds += [kind for kind in ("lantern", "candle") if kind in objects and kind not in kinds]
    coloured = [(kind, rng.choice(objects[kind])) for kind in kinds]
    if limits.held_out:
        coloured = _held_out_colours(coloured, objects, limits)
    twice = [(kind, colour) for kind, _ in coloured[1:] for colour in objects[kind] if (kind, colour) not in coloured]
    coloured += rng.sample(twice, min(len(twice), scenes // 8 if not limits.cloze else 0))
    return tuple(
        Thing(name=f"{colour} {kind}", kind=kind, colour=colour, traits=tuple(data[kind]["traits"]))
        for kind, colour in coloured
    )


def _held_out_colours(
    coloured: list[tuple[str, str]], objects: Mapping[str, list[str]], limits: Limits
) -> list[tuple[str, str]]:
    """The first object that can have a colour that is kept out of train has it."""
    for i, (kind, _) in enumerate(coloured):
        kept = [colour for colour in objects[kind] if limits.is_held_out("thing", kind, colour)]
        if kept:
            return [*coloured[:i], (kind, kept[0]), *coloured[i + 1 :]]
    return coloured


def locks_of(things: tuple[Thing, ...]) -> tuple[tuple[str, str], ...]:
    """Every container that can be locked with a key of its own, as far as the keys go."""
    keys = [thing.name for thing in things if thing.kind == "key"]
    boxes = [thing.name for thing in things if "lockable" in thing.traits]
    return tuple(zip(boxes, keys, strict=False))


def _places(
    vocabulary: Vocabulary,
    theme: str,
    home: str,
    scenes: int,
    premise: Mapping[str, Any],
    limits: Limits,
    rng: random.Random,
) -> tuple[Place, ...]:
    data, allowed = vocabulary.data["places"], vocabulary.places(limits)
    count = min(PLACES_MAX, 3 + scenes // 2)
    if limits.world.revisits is not None:
        count = max(2, min(len(allowed), round(scenes * (1.0 - limits.world.revisits))))
    if limits.unique:
        count = max(2, min(len(allowed), scenes))
    named = [kind for kind in vocabulary.known("places", theme) if kind in allowed]
    kinds = [kind for kind in dict.fromkeys([*named[:1], home, *named[1:]]) if kind in allowed]
    if premise["goal"] == "free" and "prison" in allowed:
        kinds.insert(2, "prison")
    kinds = list(dict.fromkeys(kinds))[:count]
    rest = [kind for kind in allowed if kind not in kinds]
    rng.shuffle(rest)
    if kinds and all(data[kind]["indoor"] == data[kinds[0]]["indoor"] for kind in kinds):
        rest.sort(key=lambda kind: data[kind]["indoor"] == data[kinds[0]]["indoor"])
        rest[1:] = rng.sample(rest[1:], len(rest) - 1)
    kinds += rest[: count - len(kinds)]
    return tuple(_place(kind, data[kind], limits, rng) for kind in kinds)


def _place(kind: str, entry: Mapping[str, Any], limits: Limits, rng: random.Random) -> Place:
    name = f"the {kind}" if limits.cloze else f"the {rng.choice(entry['adjectives'])} {kind}"
    return Place(
        name=name,
        kind=kind,
        at=f"{entry['at']} {name}",
        indoor=entry["indoor"],
        dark=entry.get("dark", False) and not limits.cloze,
        description=rng.choice(entry["look"]),
    )
