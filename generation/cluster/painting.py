"""Diffusion painters on a cluster: an actor keeps one warm pipeline, a task learns one style.

    painter = RemotePainter(recipe, run, actors, learner, shard)       # what a shard's maker has
    painter.request("keyframe", brief, seed)                           # rendered here, loads nothing
    await painter.paint(request, blobs)                                # painted by one of the actors

An actor serves many shards and gathers their pictures into batches, as on one machine. A style that is learned
(`style.method: textual_inversion`) takes minutes: where the cluster has room beside the painters, it is a task of its
own, so that painting goes on. Pictures go from the actor to the shard's maker, who keeps them; nothing stays here.
"""

import asyncio
import hashlib
import os
from collections.abc import Mapping
from typing import Any

from moviellm.generation.buckets.folders import folder_here
from moviellm.generation.cluster.nodes import environment_here
from moviellm.generation.config.recipe import Recipe
from moviellm.generation.painters.diffusion import DiffusionPainter
from moviellm.generation.protocols import NO_BLOBS, Blobs, Output, PainterTask, Request, StoppedError
from moviellm.generation.runs.lock import lock_named
from moviellm.generation.schema import Record, canonical_json

Answer = tuple[str, Any]
"""`made`, `failed` or `stopped`, and what was made or why not: exceptions of ours do not travel."""


async def _told(job: Any) -> Answer:
    try:
        return "made", await job
    except StoppedError as error:
        return "stopped", str(error)
    except ValueError as error:
        return "failed", str(error)


class PaintingActor:
    """One pipeline on one device. Ray makes it an actor and places it where the device is."""

    def __init__(self, recipe: Recipe, run: str, environment: Mapping[str, str]) -> None:
        os.environ.update(environment)
        self._painter = DiffusionPainter(recipe, folder_here(run))

    async def paint(self, request: Request, blobs: Mapping[str, bytes]) -> Answer:
        """A portrait or a keyframe."""
        return await _told(self._painter.paint(request, blobs))

    async def lock_style(self, request: Request) -> Answer:
        """A style."""
        return await _told(self._painter.lock_style(request))


def learn_style(recipe: Recipe, run: str, request: Request, environment: Mapping[str, str]) -> Answer:
    """Learn one style with a pipeline of its own, as a task. Killed, it is started again and goes on."""

    async def job() -> Answer:
        painter = DiffusionPainter(recipe, folder_here(run))
        try:
            return await _told(painter.lock_style(request))
        finally:
            await painter.close()

    os.environ.update(environment)
    name = hashlib.sha256(canonical_json(request.body()).encode()).hexdigest()[:16]
    with lock_named(folder_here(run), f"style-{name}", f"process {os.getpid()}", wait_s=float("inf")):
        return asyncio.run(job())


class RemotePainter:
    """The painter of one shard's maker: asks actors of the cluster."""

    def __init__(self, recipe: Recipe, run: str, actors: list[Any], learner: Any | None, shard: int) -> None:
        """
        Args:
            run: its place; what is kept of a style in the making must outlive the maker of a shard.
            actors: painters of the cluster; a shard keeps to one.
            learner: a remote function that learns a style; None leaves that to the actor.
        """
        self._local = DiffusionPainter(recipe, folder_here(run))
        self.makes_portraits = self._local.makes_portraits
        self._recipe, self._run = recipe, run
        self._actor = actors[shard % len(actors)]
        self._learner = learner

    def request(self, task: PainterTask, brief: Record, seed: int) -> Request:
        """Render a task; loads nothing."""
        return self._local.request(task, brief, seed)

    async def lock_style(self, request: Request) -> tuple[Output, bytes | None]:
        """Lock a style, by a task of its own where a token is learned. Raises as `paint` does."""
        made: tuple[Output, bytes | None]
        if self._learner is not None and request.params["method"] == "textual_inversion":
            made = await _asked(self._learner.remote(self._recipe, self._run, request, environment_here()))
        else:
            made = await _asked(self._actor.lock_style.remote(request))
        return made

    async def paint(self, request: Request, blobs: Blobs = NO_BLOBS) -> tuple[Output, bytes]:
        """Paint a portrait or a keyframe.

        Raises:
            ValueError: the pipeline cannot paint what the request asks for.
            StoppedError: it cannot be loaded, its device's memory is too small, or the cluster is gone.
        """
        made: tuple[Output, bytes] = await _asked(self._actor.paint.remote(request, dict(blobs)))
        return made

    async def close(self) -> None:
        """End the threads of this process; the pipelines stay warm."""
        await self._local.close()


async def _asked(answer: Any) -> Any:
    from ray.exceptions import RayError

    try:
        what, value = await answer
    except RayError as error:
        raise StoppedError(f"the cluster lost its painter ({type(error).__name__})") from error
    if what == "made":
        return value
    raise StoppedError(value) if what == "stopped" else ValueError(value)
