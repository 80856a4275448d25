"""What is ordered for each movie number of a run: theme, seed, size, and whose twin it is.

    order = order_of(recipe, 43)        # MovieOrder(movie_id="m00043", twin_of="m00042", ...)
    units = units_of(recipe, range(0, 100))     # [[0], [1], [2, 3], ...]: twins are made together

Shares (twins, clips) are kept by counting, not by dice: of the first movies the asked share has it, give or
take one or two. A longer run changes no movie; only the last movie of an odd number has no twin yet.

It makes nothing: see make.py.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from moviellm.generation.config.dataset import SplitConfig
from moviellm.generation.config.recipe import Recipe
from moviellm.generation.protocols import derive_seed
from moviellm.generation.schema import Split

BLOCK_MOVIES = 10
"""Consecutive movie numbers that the shares of the splits are counted in."""


@dataclass(frozen=True, kw_only=True)
class MovieOrder:
    """One movie as it is ordered."""

    movie_id: str
    theme: str
    seed: int
    """Seed of the story; a twin has that of its original."""
    chapters: int
    scenes: int
    """Scenes in each chapter."""
    keyframes: int
    """Keyframes in each scene."""
    twin_of: str | None
    held_out: bool
    """Whether it goes to test, where the combinations kept out of train may occur."""

    @property
    def keyframes_per_movie(self) -> int:
        """Pictures in it."""
        return self.chapters * self.scenes * self.keyframes


def order_of(recipe: Recipe, number: int) -> MovieOrder:
    """The order for a movie number, from 0."""
    original = number - 1 if is_twin(recipe, number) else number
    chapters, scenes = recipe.story.chapters, recipe.story.scenes
    if _is_clip(recipe, original):
        chapters, scenes = 1, 1 + derive_seed(recipe.seed, "clip", original) % 2
    return MovieOrder(
        movie_id=f"m{number:05d}",
        theme=recipe.themes[original % len(recipe.themes)],
        seed=derive_seed(recipe.seed, f"m{original:05d}"),
        chapters=chapters,
        scenes=scenes,
        keyframes=recipe.story.keyframes,
        twin_of=f"m{original:05d}" if original != number else None,
        held_out=numbered_split(original, recipe.splits, recipe.seed) == "test",
    )


def _is_clip(recipe: Recipe, original: int) -> bool:
    """Whether a movie is a clip. Never one of twins: in a story of one or two scenes little can go otherwise."""
    twins = recipe.twins.share
    if twins and _counted(recipe.seed, "twins", twins, original // 2):
        return False
    share = min(1.0, recipe.story.clips / (1.0 - twins)) if twins < 1.0 else 0.0
    pairs = _count(recipe.seed, "twins", twins, original // 2)
    return _counted(recipe.seed, "clips", share, original - 2 * pairs)


def is_twin(recipe: Recipe, number: int) -> bool:
    """Whether a movie is the twin of the one before it."""
    return number % 2 == 1 and _counted(recipe.seed, "twins", recipe.twins.share, number // 2)


def units_of(recipe: Recipe, numbers: Iterable[int]) -> list[list[int]]:
    """Movie numbers in groups that are made together: pairs of twins, and single movies."""
    units: list[list[int]] = []
    for number in numbers:
        if units and is_twin(recipe, number) and units[-1][-1] == number - 1:
            units[-1].append(number)
        else:
            units.append([number])
    return units


def _counted(seed: int, name: str, share: float, index: int) -> bool:
    """Whether item `index` is of a share that is kept by counting from a seeded start."""
    return _count(seed, name, share, index + 1) > _count(seed, name, share, index)


def _count(seed: int, name: str, share: float, items: int) -> int:
    """How many of the first `items` are of the share."""
    start = derive_seed(seed, name, "start") % 1_000_000
    return (start + items * round(share * 1_000_000)) // 1_000_000


def numbered_split(number: int, config: SplitConfig, seed: int) -> Split:
    """The split of a movie that stands alone, by its number: see dataset/splits.py."""
    block, place = divmod(number, BLOCK_MOVIES)
    places = sorted(range(BLOCK_MOVIES), key=lambda at: derive_seed(seed, "splits", block, at))
    if block == 0:
        places.sort(key=lambda at: (at not in (1, 2), at == 0))
    tests: list[Split] = ["test"] * config.test
    validations: list[Split] = ["validation"] * config.validation
    held_out = tests[:1] + validations[:1] + tests[1:] + validations[1:]
    return dict(zip(places, held_out, strict=False)).get(place, "train")
