"""The two small protocols behind the stages, and the records that cross them.

A *writer* answers text tasks, a *painter* locks styles and paints keyframes. Both work in two steps: `request` renders
everything that decides the answer into a `Request` (its hash is the cell key: see cells.py), and the second step makes
the answer from that request alone. What is not in the request cannot influence the answer; so a killed, reordered or
repeated run gives the same bytes.

    request = writer.request("scene", brief, seed)
    draft = SceneDraft.model_validate(await writer.write(request, accept))

`accept` raises ValueError for an answer that the stage cannot use, so that a writer who can ask again does. Bytes that
a request names by their hash (portraits, learned styles) are handed over beside it as `blobs`.

A writer may leave out of the request what it does not read (the offline writer does), so that an edit remakes only
what depends on it. Drafts use names where the schema uses ids: a writer does not number things, the stages do.

It makes nothing: see studio/ for the offline pair, the stages for how drafts become a Movie.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, Protocol

from pydantic import JsonValue

from moviellm.generation.schema import (
    Keyframe,
    Movie,
    Record,
    canonical_json,
)

WriterTask = Literal["outline", "chapter", "scene", "dialogue", "questions"]
PainterTask = Literal["style", "portrait", "keyframe"]
Output = dict[str, JsonValue]
"""The JSON of an answer."""
Accept = Callable[[Mapping[str, JsonValue]], None]
"""Raises ValueError for an answer that the stage cannot use; the message says what is wrong with it."""
Blobs = Mapping[str, bytes]
"""Bytes by their sha256: what a request names by hash."""
NO_BLOBS: Final[Blobs] = MappingProxyType({})


def accept_all(output: Mapping[str, JsonValue]) -> None:
    """An `Accept` without demands."""


class StoppedError(Exception):
    """A cell cannot be made now: the money is spent, or the server is gone. It is not kept, and the run ends in order.

    Unlike a ValueError it is no fault of the cell, so that the next run asks again.
    """


@dataclass(frozen=True, kw_only=True)
class Request:
    """Everything that decides one answer. Endpoints, retries and concurrency are never in it."""

    task: str
    model_id: str
    model_revision: str
    prompt_id: str
    """Name of the prompt or of the grammar files."""
    prompt_sha256: str
    """Hash of their contents."""
    params: Mapping[str, JsonValue] = field(default_factory=dict)
    """Sampling parameters and settings."""
    inputs: Mapping[str, JsonValue] = field(default_factory=dict)
    """What is asked: rendered messages for a language model, plain fields for the offline studio."""
    seed: int = 0

    def body(self) -> dict[str, JsonValue]:
        """The request as JSON, the part of the cell key that is the maker's."""
        return {
            "task": self.task,
            "model_id": self.model_id,
            "model_revision": self.model_revision,
            "prompt_id": self.prompt_id,
            "prompt_sha256": self.prompt_sha256,
            "params": dict(self.params),
            "inputs": dict(self.inputs),
            "seed": self.seed,
        }


def derive_seed(seed: int, *names: object) -> int:
    """The seed of a part: the first 31 bits of sha256 over the parent's seed and the part's names."""
    text = canonical_json([seed, *[str(name) for name in names]])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1


class MovieReader(Protocol):
    """Finished movies: those of a run folder (runs/tables.py), or any others."""

    def movies(self) -> Iterator[Movie]:
        """Every movie, in id order, one at a time."""
        ...

    def images(self, movie: Movie) -> Iterator[tuple[Keyframe, bytes]]:
        """That movie's pictures, in story order."""
        ...

    def files(self, movie: Movie) -> Iterator[tuple[str, bytes | Path]]:
        """Path and bytes, or a file to copy, of what lies beside the dataset: its learned style, its people's
        portraits, the features or film of an imported movie."""
        ...


class Writer(Protocol):
    """Answers text tasks."""

    def request(self, task: WriterTask, brief: Record, seed: int) -> Request:
        """Render a task. `brief` is the `...Brief` record of the task. Pure and fast: makes no call."""
        ...

    def parts(self, brief: Record) -> Sequence[Record]:
        """A `QuestionsBrief` in the parts that it is asked in; their questions follow each other."""
        ...

    async def write(self, request: Request, accept: Accept = accept_all) -> Output:
        """Answer it: the JSON of the task's `...Draft` record.

        Raises:
            ValueError: nothing acceptable came; the message is the reason kept with the cell.
            StoppedError: it cannot be asked now.
        """
        ...

    async def close(self) -> None:
        """Give back connections."""
        ...


class Painter(Protocol):
    """Locks a movie's style, makes portraits and paints keyframes."""

    makes_portraits: bool
    """Whether it wants a portrait of each character before the first keyframe."""

    def request(self, task: PainterTask, brief: Record, seed: int) -> Request:
        """Render a task from a `StyleBrief`, `PortraitBrief` or `KeyframeBrief`. Pure and fast: makes no call."""
        ...

    async def lock_style(self, request: Request) -> tuple[Output, bytes | None]:
        """Lock a style: the JSON of a `schema.Style`, and the bytes of what was learned, if anything was."""
        ...

    async def paint(self, request: Request, blobs: Blobs = NO_BLOBS) -> tuple[Output, bytes]:
        """Paint a portrait or a keyframe: the JSON of a `Painting`, and the encoded image."""
        ...

    async def close(self) -> None:
        """Give back worker processes or GPU memory."""
        ...
