"""Who asks on a node of a cluster: the questions of some movies, with a model that stays warm.

    for part in parts_of(wanted): ...                       # movies by the number of their part, of 1024
    asker = Asker(order, desk)                              # spreading.py makes it an actor of Ray
    outcome = asker.ask(part)

All questions of a movie are asked by one asker. A part belongs to whoever holds its lock, and a movie always falls
into the same part: so what was paid for a movie stands in the log of its part, and the next asker finds it there. Each
process keeps answers in a file of its own, as on one machine (journal.py). It scores nothing and starts no Ray.
"""

import asyncio
import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from moviellm.eval.running.asking import Settings, ask_movies, by_movie
from moviellm.eval.running.films import Control, Showing
from moviellm.eval.running.journal import Journal
from moviellm.eval.running.models import open_model
from moviellm.eval.running.protocol import Model, Said
from moviellm.eval.tasks.items import Question
from moviellm.generation.cluster.asking import DeskDoor
from moviellm.generation.cluster.nodes import innermost, node_name
from moviellm.generation.files import DiskError
from moviellm.generation.protocols import StoppedError
from moviellm.generation.runs.lock import LEASES, HeldError, held_elsewhere, lock_shard

PARTS: Final = 1024
"""Parts of all movies there can be; as many files a run holds at most."""
HELD_WAIT_S = 15.0
"""A part whose last asker may be still alive is waited for so long; then it goes back to the driver."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """Movies whose questions are asked by one process."""

    number: int
    items: tuple[str, ...]
    """Their questions, by id."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What every asker of a run is told."""

    wish: Any
    """The Wish of `eval run`, as a node reads it: absolute paths, pinned revisions."""
    showing: Showing
    kept: Path
    settings: Settings
    controls: Sequence[Control]
    revision: str
    """Of the model, as the driver found it."""
    served: bool
    """Whether it is behind an endpoint, whose calls the desk lets begin."""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a part."""

    number: int
    node: str
    answers: Mapping[Control, Mapping[str, Said]] = field(default_factory=dict)
    cost: Mapping[str, Any] = field(default_factory=dict)
    """What the part has cost, earlier askers included."""
    held: str | None = None
    """Somebody else asks it."""
    stopped: str | None = None
    """Nothing can be asked now."""
    error: str | None = None
    """Why the run cannot go on."""
    disk: bool = False
    """Whether that is the disk's fault."""


def part_number(movie_id: str) -> int:
    """The part that a movie falls into, on every machine and in every run."""
    return int.from_bytes(hashlib.sha256(movie_id.encode()).digest()[:4]) % PARTS


def parts_of(wanted: Iterable[Question]) -> list[Part]:
    """All questions by part, those with most questions first: what takes longest begins first."""
    found: dict[int, list[str]] = {}
    for movie_id, questions in by_movie(wanted).items():
        found.setdefault(part_number(movie_id), []).extend(question.item_id for question in questions)
    parts = [Part(number=number, items=tuple(items)) for number, items in found.items()]
    return sorted(parts, key=lambda part: (-len(part.items), part.number))


class Asker:
    """One process that asks; see the module."""

    def __init__(self, order: Order, desk: Any) -> None:
        """`desk`: the actor that keeps limits for all nodes; None where there are none to keep."""
        os.environ.update(order.environment)
        self._order, self._desk = order, desk
        self._journal = Journal(order.kept)
        self._warm: Model | None = None

    def node(self) -> str:
        """Where it is."""
        return node_name()

    def ask(self, part: Part) -> Outcome:
        """Ask what is not kept of a part."""
        who, node = f"{node_name()} process {os.getpid()}", node_name()
        try:
            with lock_shard(self._order.kept, part.number, who, HELD_WAIT_S):
                return self._asked(part, node)
        except HeldError as error:
            return Outcome(number=part.number, node=node, held=str(error))
        except (ValueError, StoppedError, BaseExceptionGroup) as error:
            first = innermost(error)
            if isinstance(first, StoppedError):
                return Outcome(number=part.number, node=node, stopped=str(first))
            if not isinstance(first, ValueError):
                raise
            return Outcome(number=part.number, node=node, error=str(first), disk=isinstance(first, DiskError))

    def _asked(self, part: Part, node: str) -> Outcome:
        order, data = self._order, self._order.showing.data
        self._journal.refresh()  # what an earlier asker of this part has left
        questions = by_movie(data.questions[name] for name in part.items)
        with ExitStack() as after:
            model = self._model(part.number, after)
            answers = ask_movies(
                model, questions, data, order.showing, self._journal, order.settings, order.controls, lambda _: None
            )
            return Outcome(number=part.number, node=node, answers=answers, cost=model.facts())

    def _model(self, number: int, after: ExitStack) -> Model:
        """The model: weights stay warm, the log of an endpoint is that of the part."""
        if self._order.served:
            door = DeskDoor(self._desk, number)
            asyncio.run(door.ask("forget", number))  # what an earlier asker left under way is over
            after.callback(lambda: asyncio.run(door.ask("forget", number)))
            model = self._opened(door)
            after.callback(model.close)
            return model
        if self._warm is None:
            self._warm = self._opened(None)
        return self._warm

    def _opened(self, door: DeskDoor | None) -> Model:
        order = self._order
        model = open_model(order.wish, order.showing.data, order.kept, door)
        if model.revision != order.revision:
            raise ValueError(
                f"{node_name()} finds another {order.wish.model} than the driver's machine ({model.revision}, not "
                f"{order.revision}); every node reads the same model, at the same path"
            )
        return model


def wait_for_askers(kept: Path) -> None:
    """On one machine: wait for what processes of a cluster that is gone still ask. No cluster, no wait."""
    for path in sorted((kept / LEASES).glob("*")):
        if path.name.isdecimal():
            with held_elsewhere(kept, int(path.name)):
                pass
