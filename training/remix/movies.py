"""Remixes as movies: scenes of published movies put together, for every view that reads a movie.

    for movie in remixed_movies(movies, seed=0, scenes=(4, 8)): ...       # without end; schema.Movie
    rows = boundary_rows(movie, look, seed=0)                             # its questions, asked of the new times

People, places, events and dialogue come with their scenes and keep their ids, and so do keyframes: pictures and
features that are kept by keyframe serve again. Times and indices are those of the remix. Nobody of a remix has the
name of somebody else, and no place the name of another. A remix has no questions of its own, no plot and no causes:
views make what can be computed from its events. It draws no pictures and reads no dataset.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from moviellm.generation.schema import Chapter, Event, Movie, Scene, TemporalSpan

TRIES = 100
"""Starts of one remix before it is given up."""
DRAWN = 12
"""Scenes looked at in a start, for each one of the remix."""


@dataclass(frozen=True)
class Taken:
    """A scene, the movie it is of, and what happens in it."""

    movie: Movie
    scene: Scene
    events: tuple[Event, ...]

    @property
    def people(self) -> set[str]:
        """Ids of everybody who is seen, heard, or takes part."""
        ids = {person for keyframe in self.scene.keyframes for person in keyframe.character_ids}
        ids |= {person for event in self.events for person in event.participants}
        return ids | {line.character_id for line in self.scene.dialogue or () if line.character_id is not None}

    @property
    def names(self) -> dict[str, str]:
        """Who has which name: ids by name, of people and of the place."""
        people = self.people
        found = {one.name: one.character_id for one in self.movie.characters if one.character_id in people}
        return found if self.scene.location is None else {**found, self.scene.location: self.movie.movie_id}


def scenes_of(movies: Sequence[Movie]) -> list[Taken]:
    """The scenes of movies that something happens in.

    Raises ValueError for a movie that is not of the split train, for movies of several languages, and when nothing is
    left. Twins are left out: they share scenes with their originals.
    """
    for movie in movies:
        if movie.split != "train":
            raise ValueError(
                f"{movie.movie_id} is of the split {movie.split}: only movies of train are remixed, what is tested "
                "would be learned"
            )
    spoken = sorted({f"{movie.language} {movie.language_level or ''}".strip() for movie in movies})
    if len(spoken) > 1:
        raise ValueError(f"movies in {', '.join(spoken)} cannot be one movie: remix those of one language and level")
    found = []
    for movie in movies:
        if movie.twin_of is None:
            for scene in movie.scenes():
                events = tuple(event for event in movie.events if _within(event.span, scene.span))
                if events and scene.keyframes:
                    found.append(Taken(movie, scene, events))
    if not found:
        raise ValueError("no scene to remix: give movies of train with events and keyframes")
    return found


def remixed_movies(movies: Sequence[Movie], seed: int, scenes: tuple[int, int]) -> Iterator[Movie]:
    """Remixes of `scenes[0]` to `scenes[1]` scenes, without end; the same for the same movies and seed."""
    found, draw, number = scenes_of(movies), random.Random(seed), 0
    if not 1 <= scenes[0] <= scenes[1]:
        raise ValueError(f"remixes of {scenes[0]} to {scenes[1]} scenes: give two numbers from 1, the smaller first")
    while True:
        yield assemble(choose(found, draw.randint(*scenes), draw), f"remix-{seed}-{number}", seed)
        number += 1


def choose(found: Sequence[Taken], scenes: int, draw: random.Random) -> list[Taken]:
    """So many scenes in which no name means two.

    Raises ValueError when there are not so many.
    """
    for _ in range(TRIES):
        chosen: list[Taken] = []
        known: dict[str, str] = {}
        for taken in draw.sample(found, min(len(found), scenes * DRAWN)):
            names = taken.names
            if all(known.get(name, owner) == owner for name, owner in names.items()):
                chosen.append(taken)
                known |= names
                if len(chosen) == scenes:
                    return chosen
    raise ValueError(f"found no {scenes} scenes whose people and places have different names: ask for fewer scenes")


def assemble(chosen: Sequence[Taken], movie_id: str, seed: int) -> Movie:
    """The movie of these scenes, one after the other, as one chapter."""
    at_s, index = 0.0, 0
    scenes: list[Scene] = []
    events: list[Event] = []
    for number, taken in enumerate(chosen):
        later_s = at_s - taken.scene.span.start_s
        scenes.append(_moved(taken.scene, number, later_s, index))
        known = {event.event_id for event in taken.events}
        for event in taken.events:
            because = None if event.because is None else tuple(one for one in event.because if one in known)
            events.append(event.model_copy(update={"span": _later(event.span, later_s), "because": because}))
        at_s, index = scenes[-1].span.end_s, index + len(taken.scene.keyframes)
    first = chosen[0].movie
    whole = TemporalSpan(start_s=0.0, end_s=at_s)
    chapter = Chapter(
        chapter_id=f"{movie_id}-c00", index=0, title="Remix", summary="", span=whole, scenes=tuple(scenes)
    )
    people = {
        one.character_id: one for taken in chosen for one in taken.movie.characters if one.character_id in taken.people
    }
    places = {
        taken.scene.location: place
        for taken in chosen
        for place in taken.movie.locations
        if place.name == taken.scene.location
    }
    return first.model_copy(
        update={
            "movie_id": movie_id,
            "title": "Remix",
            "theme": None,
            "genre": None,
            "logline": None,
            "synopsis": None,
            "style": None,
            "characters": tuple(people.values()),
            "locations": tuple(places.values()),
            "objects": (),
            "chapters": (chapter,),
            "events": tuple(events),
            "qa_pairs": None,
            "duration_s": at_s,
            "injected": (),
            "seed": seed,
            "provenance": (),
        }
    )


def _moved(scene: Scene, number: int, later_s: float, index: int) -> Scene:
    keyframes = tuple(
        keyframe.model_copy(update={"span": _later(keyframe.span, later_s), "index": index + place})
        for place, keyframe in enumerate(scene.keyframes)
    )
    dialogue = scene.dialogue and tuple(
        line.model_copy(update={"span": _later(line.span, later_s)}) for line in scene.dialogue
    )
    return scene.model_copy(
        update={
            "index": number,
            "span": _later(scene.span, later_s),
            "keyframes": keyframes,
            "dialogue": dialogue,
            "changes": (),
        }
    )


def _later(span: TemporalSpan, later_s: float) -> TemporalSpan:
    return TemporalSpan(start_s=span.start_s + later_s, end_s=span.end_s + later_s)


def _within(span: TemporalSpan, whole: TemporalSpan) -> bool:
    return whole.start_s <= span.start_s and span.end_s <= whole.end_s
