"""One movie, or a pair of twins, through the stages: plot, style, keyframes, dialogue, questions, gates.

    movies = await make_unit([bench], [42])                 # [Movie] or [Left(reason)]
    movies = await make_unit([bench, other], [42, 43])      # twins: some questions are asked of both

Twins are told apart from each other and asked together. It knows no shards and no run folder: see make.py.
"""

import asyncio
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass

from moviellm.generation.dialogue import write_dialogue
from moviellm.generation.files import DiskError
from moviellm.generation.gatekeeping import keep_gates
from moviellm.generation.keyframes import paint_keyframes
from moviellm.generation.orders import MovieOrder, order_of
from moviellm.generation.plot import Plot, write_plot
from moviellm.generation.protocols import StoppedError
from moviellm.generation.qa import ask_questions
from moviellm.generation.schema import STAGES, Keyframe, Movie, check_movie
from moviellm.generation.style import lock_style, loose_styles
from moviellm.generation.workbench import CellFailedError, Workbench, gather


@dataclass(frozen=True, kw_only=True)
class Left:
    """A movie that is left out."""

    reason: str
    stopped: bool
    """Whether it could only not be made now, and is made by the next run; else it failed."""


async def make_unit(benches: list[Workbench], numbers: list[int]) -> list[Movie | Left]:
    """One movie, or a pair of twins, through all stages; for each the movie, or why it is not there."""
    orders = [order_of(bench.recipe, number) for bench, number in zip(benches, numbers, strict=True)]
    told = await _all(_tell(bench, order) for bench, order in zip(benches, orders, strict=True))
    if len(told) == 1:
        return await _all([_ask(benches[0], told[0], None)])
    one, two = told
    stopped = [item for item in told if isinstance(item, Left) and item.stopped]
    if stopped:  # without its twin the other would be asked other questions, and paid for twice
        return [item if isinstance(item, Left) else stopped[0] for item in told]
    if isinstance(one, Movie) and isinstance(two, Movie):
        two = two.model_copy(update={"diverges_s": diverges_s(one, two)})
    return await _all([_ask(benches[0], one, two), _ask(benches[1], two, one)])


async def _tell(bench: Workbench, order: MovieOrder) -> Movie:
    """A movie without its questions."""
    plot = await write_plot(bench, order)
    painted, spoken = await gather(
        [
            _painted(bench, plot),
            write_dialogue(bench, plot.movie, plot.story, plot.outline, plot.heads, plot.drafts),
        ]
    )
    return with_dialogue(painted, spoken)


async def _painted(bench: Workbench, plot: Plot) -> Movie:
    movie = await lock_style(bench, plot.movie, plot.outline.style)
    return await paint_keyframes(bench, movie, await loose_styles(bench, movie))


def with_dialogue(painted: Movie, spoken: Movie) -> Movie:
    """The pictures of one copy of a movie with the lines of another."""
    lines = {scene.scene_id: scene.dialogue for scene in spoken.scenes()}
    chapters = tuple(
        chapter.model_copy(
            update={
                "scenes": tuple(
                    scene.model_copy(update={"dialogue": lines[scene.scene_id]}) for scene in chapter.scenes
                )
            }
        )
        for chapter in painted.chapters
    )
    return painted.model_copy(update={"chapters": chapters})


async def _ask(bench: Workbench, movie: Movie | Left, twin: Movie | Left | None) -> Movie:
    """A told movie with its questions; without its twin, if that one failed."""
    if isinstance(movie, Left):
        raise StoppedError(movie.reason) if movie.stopped else CellFailedError(movie.reason)
    movie = await ask_questions(bench, movie, twin=twin if isinstance(twin, Movie) else None)
    if bench.service is not None:
        movie = await keep_gates(bench, movie, bench.service)
    made = bench.provenance
    movie = movie.model_copy(update={"provenance": tuple(made[stage] for stage in STAGES if stage in made)})
    check_movie(movie)
    return movie


async def _all(jobs: Iterable[Coroutine[None, None, Movie]]) -> list[Movie | Left]:
    """Run jobs together. A failed cell, a movie that does not hold together, and one that cannot be made now are left
    out with the reason; a full disk is raised."""
    results: list[Movie | Left] = []
    for item in await asyncio.gather(*jobs, return_exceptions=True):
        if not isinstance(item, BaseException):
            results.append(item)
        elif isinstance(item, (ValueError, StoppedError)) and not isinstance(item, DiskError):
            results.append(Left(reason=str(item), stopped=isinstance(item, StoppedError)))
        else:
            raise item
    return results


def diverges_s(original: Movie, twin: Movie) -> float | None:
    """Start of the first keyframe in which twins show or say something else, seconds; None when they never do."""
    said = [{line.span.start_s: line.text for line in movie.dialogue()} for movie in (original, twin)]
    differing = [start_s for start_s in said[0] | said[1] if said[0].get(start_s) != said[1].get(start_s)]
    for one, two in zip(original.keyframes(), twin.keyframes(), strict=True):
        talks = any(one.span.start_s <= start_s < one.span.end_s for start_s in differing)
        if talks or _shown(one) != _shown(two):
            return one.span.start_s
    return None


def _shown(keyframe: Keyframe) -> tuple[object, ...]:
    staged = tuple((figure.character_id.partition("-")[2], figure.pose, figure.holding) for figure in keyframe.figures)
    return keyframe.image_sha256, keyframe.caption, keyframe.props, staged
