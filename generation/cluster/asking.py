"""How a maker of one shard asks the desk: a gate and a budget like those of one machine, with the desk behind them.

    desk = DeskDoor(handle, shard)
    service = shared_service(recipe, run, desk)         # its gate and its budget ask the desk
    await service.close(); await desk.close()

How many calls are under way is decided here, by the recipe and the server's answers; when one may begin and whether it
may cost something, by the desk. A desk that is being started again is waited for; one that is gone ends the shard
(StoppedError), and everything paid for is kept.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moviellm.generation.cluster.desk import GIVEN_UP
from moviellm.generation.cluster.limits import Limits
from moviellm.generation.config.recipe import Recipe
from moviellm.generation.llm.admission import Gate, Slot
from moviellm.generation.llm.money import Budget
from moviellm.generation.llm.service import Service, open_service
from moviellm.generation.protocols import StoppedError

GONE = "the cluster is gone, and with it who keeps its limits"
PATIENCE_S = 120.0
"""A desk that does not answer is asked again for so long."""
AGAIN_S = 0.5


class DeskDoor:
    """The desk, as one shard's maker reaches it."""

    def __init__(self, handle: Any, shard: int) -> None:
        """`handle`: the actor."""
        self._handle = handle
        self.shard = shard
        self._sent: set[asyncio.Task[None]] = set()

    @staticmethod
    def name() -> str:
        """A name for a call, as nobody else has one."""
        return uuid.uuid4().hex[:16]

    async def ask(self, method: str, *values: object) -> Any:
        """Call a method of the desk; asked again where the desk died meanwhile.

        Raises:
            StoppedError: it is gone for good.
        """
        from ray.exceptions import RayActorError, RayError

        patience = PATIENCE_S
        while True:
            try:
                return await getattr(self._handle, method).remote(*values)
            except RayActorError as error:
                patience -= AGAIN_S
                if patience <= 0.0:
                    raise StoppedError(GONE) from error
                await asyncio.sleep(AGAIN_S)
            except RayError as error:
                raise StoppedError(f"{GONE} ({type(error).__name__})") from error

    def send(self, method: str, *values: object) -> None:
        """Call a method without waiting for it; `close` waits."""
        self._start(self.ask(method, *values))

    def _start(self, job: Coroutine[Any, Any, Any]) -> None:
        async def quietly() -> None:
            with suppress(StoppedError):  # those who ask for something hear of it
                await job

        task = asyncio.get_running_loop().create_task(quietly())
        self._sent.add(task)
        task.add_done_callback(self._sent.discard)

    async def close(self) -> None:
        """Wait until everything that was sent has arrived."""
        while self._sent:
            await asyncio.gather(*self._sent)


@dataclass
class SharedSlot(Slot):
    """A call that the desk let begin, under its name there."""

    def used(self, tokens: int) -> None:
        """Tell the desk what the server counted."""
        assert isinstance(self.gate, SharedGate)
        if self.name and tokens != self.tokens:
            self.gate.desk.send("counted", self.name, tokens)
        self.tokens = tokens


class SharedGate(Gate):
    """Lets the calls of one shard begin, at most so many at a time, when the desk says so."""

    def __init__(self, desk: DeskDoor, concurrency: int, *, paced: bool) -> None:
        """`paced`: whether there is a limit a minute; without one only pauses are shared."""
        super().__init__(concurrency)
        self.desk = desk
        self._paced = paced

    async def _admitted(self, tokens: float) -> Slot:
        await self._in_time(0.0)
        if not self._paced:
            return SharedSlot(self.narrowed, tokens, self)
        name = self.desk.name()
        await self.desk.ask("begin", name, tokens)
        return SharedSlot(self.narrowed, tokens, self, name)

    def slow_down(self, slot: Slot, pause_s: float | None = None) -> None:
        """The server is busy: fewer here, and where it asks for a pause, a pause for all."""
        super().slow_down(slot, pause_s)
        if pause_s is not None and self._paced:
            self.desk.send("pause", pause_s)


class SharedBudget(Budget):
    """Holds money for the calls of one shard, at the desk."""

    def __init__(self, desk: DeskDoor, limit_usd: float | None, recorded_usd: Callable[[], float]) -> None:
        """`recorded_usd`: what this shard's log holds."""
        super().__init__(limit_usd, recorded_usd)
        self._desk = desk
        self._recorded = recorded_usd

    @asynccontextmanager
    async def reserved(self, bound_usd: float) -> AsyncIterator[None]:
        """Hold back the most that a call can cost while it is under way.

        Raises:
            StoppedError: it does not fit, and nothing under way anywhere could make room.
        """
        if self.limit_usd is None:
            yield
            return
        name, desk = self._desk.name(), self._desk
        try:
            while (reason := await desk.ask("hold", desk.shard, name, bound_usd)) == GIVEN_UP:
                pass  # taken for one of a maker before, which is forgotten
            if reason is not None:
                raise StoppedError(reason)
            yield
        finally:
            desk.send("free", desk.shard, name, self._recorded())


def limits_of(recipe: Recipe) -> Limits:
    """The limits that a recipe sets for a whole cluster."""
    engine = recipe.engine
    return Limits(
        requests_per_minute=engine.requests_per_minute,
        tokens_per_minute=engine.tokens_per_minute,
        max_usd=engine.max_usd,
    )


def shared_service(recipe: Recipe, run: Path, desk: DeskDoor) -> Service:
    """The model server for one shard: limits at the desk, a log of its own.

    Raises:
        ValueError: the environment names no server, or the client is not installed.
    """
    limits = limits_of(recipe)
    gate = SharedGate(desk, recipe.engine.concurrency, paced=limits.paced)
    budget = SharedBudget(desk, limits.max_usd, lambda: service.spent.usd)
    service = open_service(recipe, run, budget=budget, gate=gate, shard=desk.shard)
    return service
