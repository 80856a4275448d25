"""Timelines put together from scenes of others, without end: `Remix(lines, seed).draw(rng)`.

    remix = Remix(train, refused=held_out, cast=3)      # every line must be of the split train
    line = remix.draw(random.Random(7), scenes=8)       # scenes of many movies, one after the other

In a remix every place is seen once and every action done once, as in the movies of the level `cloze`, so that every
question has one answer; and no more people act in it than in a movie. Frames keep the ids of their keyframes: features
that were cached serve again. What somebody wears is asked only where it is one thing. It draws no pictures.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from moviellm.training.remix.timeline import Deed, Line, Stretch, Timeline

TRIES = 200
"""Starts of one remix before it is given up."""


def scenes_of(line: Timeline) -> list[Timeline]:
    """Each scene as a timeline of its own, from its first frame on."""
    return [part(line, number, number + 1) for number in range(len(line.scenes))]


def part(line: Timeline, start: int, end: int) -> Timeline:
    """The scenes `start` to `end` of a timeline, `end` not among them, as a timeline of its own."""
    first, last = line.scenes[start].first, line.scenes[end - 1].last
    return Timeline(
        movie_id=line.movie_id,
        split=line.split,
        frames=line.frames[first : last + 1],
        scenes=tuple(_moved(scene, -first) for scene in line.scenes[start:end]),
        deeds=tuple(_later(deed, -first) for deed in line.deeds if first <= deed.first <= last),
        lines=tuple(replace(said, frame=said.frame - first) for said in line.lines if first <= said.frame <= last),
        wears=line.wears,
    )


def join(parts: Sequence[Timeline], movie_id: str) -> Timeline:
    """Timelines one after the other; all must be of one split."""
    splits = sorted({line.split for line in parts})
    if len(splits) != 1:
        raise ValueError(f"scenes of the splits {', '.join(splits)} cannot be one movie: a test would be learned")
    frames: list[str] = []
    scenes: list[Stretch] = []
    deeds: list[Deed] = []
    lines: list[Line] = []
    worn: dict[str, set[str]] = {}
    for line in parts:
        at = len(frames)
        frames += line.frames
        scenes += [_moved(scene, at) for scene in line.scenes]
        deeds += [_later(deed, at) for deed in line.deeds]
        lines += [replace(said, frame=said.frame + at) for said in line.lines]
        for deed in line.deeds:
            if deed.actor in line.wears:
                worn.setdefault(deed.actor, set()).add(line.wears[deed.actor])
    wears = {who: pieces.copy().pop() for who, pieces in worn.items() if len(pieces) == 1}
    return Timeline(movie_id, splits[0], tuple(frames), tuple(scenes), tuple(deeds), tuple(lines), wears)


def _moved(scene: Stretch, frames: int) -> Stretch:
    return replace(scene, first=scene.first + frames, last=scene.last + frames)


def _later(deed: Deed, frames: int) -> Deed:
    return replace(deed, first=deed.first + frames, last=deed.last + frames, shown=deed.shown + frames)


class Remix:
    """Scenes of known movies, and remixes of them."""

    def __init__(
        self, lines: Sequence[Timeline], refused: Callable[[Stretch], bool] = lambda scene: False, cast: int = 3
    ) -> None:
        """`refused` says which scenes are kept out, such as combinations that only the test may show; `cast` is how
        many people act in a remix at most.

        Raises ValueError for a line that is not of the split train, and when nothing is left.
        """
        for line in lines:
            if line.split != "train":
                raise ValueError(
                    f"{line.movie_id} is of the split {line.split}: only movies of train are remixed, what is tested "
                    "would be learned"
                )
        kept = [scene for line in lines for scene in scenes_of(line) if scene.deeds and not refused(scene.scenes[0])]
        self.scenes = [scene for scene in kept if len({deed.action for deed in scene.deeds}) == len(scene.deeds)]
        if not self.scenes:
            raise ValueError("no scene to remix: give movies of train with events")
        self.places = len({scene.scenes[0].place for scene in self.scenes})
        self.cast = cast
        self._by_actor: dict[str, list[Timeline]] = {}
        for scene in self.scenes:
            for actor in sorted({deed.actor for deed in scene.deeds}):
                self._by_actor.setdefault(actor, []).append(scene)
        self._actors = sorted(self._by_actor)

    def draw(self, rng: random.Random, scenes: int, movie_id: str = "remix") -> Timeline:
        """A remix of so many scenes."""
        if not 1 <= scenes <= self.places:
            raise ValueError(f"a remix of {scenes} scenes in {self.places} places: each is seen once, ask for fewer")
        for _ in range(TRIES):
            chosen = self._choose(rng, scenes)
            if chosen is not None:
                return join(chosen, movie_id)
        raise ValueError(f"found no {scenes} scenes with different actions in {TRIES} tries: ask for fewer scenes")

    def endless(self, seed: int, scenes: tuple[int, int]) -> Iterator[Timeline]:
        """Remixes of `scenes[0]` to `scenes[1]` scenes; the same for the same seed."""
        rng, number = random.Random(seed), 0
        while True:
            yield self.draw(rng, rng.randint(*scenes), f"remix-{number}")
            number += 1

    def _choose(self, rng: random.Random, scenes: int) -> list[Timeline] | None:
        chosen: list[Timeline] = []
        places: set[str] = set()
        actions: set[str] = set()
        cast = rng.sample(self._actors, min(self.cast, len(self._actors)))
        for _ in range(scenes * TRIES):
            scene = rng.choice(self._by_actor[rng.choice(cast)])
            doing = {deed.action for deed in scene.deeds}
            if scene.scenes[0].place in places or doing & actions:
                continue
            if any(deed.actor not in cast for deed in scene.deeds):
                continue
            chosen.append(scene)
            places.add(scene.scenes[0].place)
            actions |= doing
            if len(chosen) == scenes:
                return chosen
        return None
