"""The sources of a recipe become units: datasets of movies by a view, and rows with pictures of anybody.

    found = open_all(recipe.data, recipe.replay, dataset="demo/MovieLLM-tiny", seed=7, ...)
    found[0].units, found[0].held_out

A source's name is that of its dataset and view. Held-out units are those of the recipe's `eval_split`, or, for replay
without such a split, a part that is never trained on. It makes no tokens.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from moviellm.generation.protocols import derive_seed
from moviellm.training.data.movies import movie_units
from moviellm.training.data.remixes import remix_units
from moviellm.training.data.units import Unit, text_of
from moviellm.training.rows.source import Source, open_source

HELD_OUT_MOST = 512
"""Units of replay that are held out at most."""


@dataclass
class Opened:
    """One source with its units."""

    name: str
    block: Any
    """Its block in the recipe."""
    replay: bool
    units: list[Unit]
    held_out: list[Unit] = field(default_factory=list)
    dataset: str = ""
    """Hub id, or name of the folder's dataset."""
    revision: str | None = None
    licence: str | None = None


def open_all(
    data: Sequence[Any],
    replay: Sequence[Any],
    *,
    dataset: str | None,
    revision: str | None,
    seed: int,
    eval_split: str,
) -> list[Opened]:
    """All sources of a recipe, each with a name of its own.

    Raises:
        ValueError: one names no place, is not there, or gives nothing.
    """
    found: list[Opened] = []
    for block, again in [*((block, False) for block in data), *((block, True) for block in replay)]:
        place, at = _place_of(block, dataset, revision)
        opened = open_one(block, place, at, replay=again, seed=seed, eval_split=eval_split)
        taken = {one.name for one in found}
        names = [opened.name, *(f"{opened.name}-{number}" for number in range(2, len(found) + 3))]
        opened.name = next(name for name in names if name not in taken)
        if block.remix is not None and any(_measured_as(one, opened) for one in found):
            opened.held_out = []
        found.append(opened)
    return found


def _measured_as(one: Opened, other: Opened) -> bool:
    """Whether the held-out movies of one source, in its view, are those of the other."""
    same = (one.dataset, one.revision, one.block.view) == (other.dataset, other.revision, other.block.view)
    return same and bool(one.held_out)


def texts_of(sources: Sequence[Opened]) -> Iterator[str]:
    """The words of the data that is trained on."""
    for source in sources:
        for unit in source.units:
            for ask in unit.asks:
                yield from (text_of(message["content"]) for message in ask.messages)
            if unit.film is not None:
                yield from (f"[{line.start_s:.1f} s] {line.speaker}: {line.text}" for line in unit.film.dialogue)


def _place_of(block: Any, dataset: str | None, revision: str | None) -> tuple[str, str | None]:
    """Where a source lies: its own path, or the recipe's dataset."""
    if block.path is not None:
        return block.path, block.revision
    if dataset is None:
        raise ValueError("a source names no `path`, and the recipe no `dataset`: --dataset FOLDER_OR_HUB_ID")
    return dataset, block.revision or revision


def open_one(block: Any, place: str, revision: str | None, *, replay: bool, seed: int, eval_split: str) -> Opened:
    """A source's units and those that are held out."""
    source = _movies_at(place, revision)
    if source is None:
        if block.remix is not None:
            raise ValueError(f"{place} is no dataset of movies: leave `remix` out, it takes scenes of movies")
        from moviellm.training.data.rows import open_rows

        return open_rows(block, place, revision, replay=replay, seed=seed, eval_split=eval_split)
    view = _view_of(block, source)
    look = {"frames": block.frames, "times": block.times}
    if block.remix is None:
        units = movie_units(source, block.split, view, seed, movies=block.movies, **look)
    else:
        told = {"scenes": block.remix.scenes, "count": block.remix.count, "movies": block.movies}
        units = remix_units(source, block.split, view, seed, **told, **look)
    held: list[Unit] = []
    if eval_split in source.manifest.splits and eval_split != block.split:
        held = movie_units(source, eval_split, view, seed, movies=None, **look)
    elif replay:
        units, held = hold_out(units, block.held_out, seed)
    return Opened(
        name=f"{Path(source.dataset).name}-{view}{'' if block.remix is None else '-remix'}",
        block=block,
        replay=replay,
        units=units,
        held_out=held,
        dataset=source.dataset,
        revision=source.commit or source.revision,
        licence=_licence(source),
    )


def _movies_at(place: str, revision: str | None) -> Source | None:
    """The dataset of movies at a place; None where there are rows of another kind."""
    folder = Path(place).expanduser()
    if folder.is_dir() and not (folder / "manifest.json").is_file():
        return None
    if not folder.is_dir() and "/" not in place:
        raise ValueError(f"{place} is no folder, and no Hub id (org/name)")
    try:
        return open_source(place, revision)
    except ValueError as error:
        if "no movies" in str(error) or (not folder.is_dir() and "manifest" in str(error)):
            return None
        raise


def _view_of(block: Any, source: Source) -> Any:
    if block.config is not None:
        raise ValueError(
            f"{source.place} is a dataset of movies: say what is made of it by `view`, not `config: {block.config}`"
        )
    return block.view


def _licence(source: Source) -> str | None:
    licence = source.front_matter.get("license")
    return licence if isinstance(licence, str) else None


def hold_out(units: Sequence[Unit], part: float, seed: int) -> tuple[list[Unit], list[Unit]]:
    """Units without a seeded part of them, and that part."""
    count = min(round(len(units) * part), HELD_OUT_MOST)
    count = max(count, 1) if part and len(units) > 1 else count
    chosen = set(random.Random(derive_seed(seed, "held out")).sample(range(len(units)), count))
    return [one for n, one in enumerate(units) if n not in chosen], [units[n] for n in sorted(chosen)]
