"""Calls until one is answered: limits, retries by class of error, and when a server counts as gone.

    caller = Caller(wire, gate, retries=6)
    attempts: list[str] = []
    answer = await caller.until_answered(call, attempts, tokens=1200)

A call that is given up while others pass is a ValueError with the classes of its errors: that cell is at fault, or
unlucky. When nothing passes, the server is: StoppedError, which ends the run and keeps everything. Whether nothing
passes is known from the other calls, and where there are none, from a question that costs nothing.

It pays nothing and keeps nothing: see service.py.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import TypeVar

from moviellm.generation.llm.admission import Gate
from moviellm.generation.llm.faults import CONTENT, PACES, RETRY_AFTER_MAX_S, TOO_LONG, CallError, pause_s
from moviellm.generation.llm.wire import Wire
from moviellm.generation.protocols import StoppedError

T = TypeVar("T")
GIVEN_UP_MAX = 3
"""Calls given up one after the other, with none answered, before the server counts as gone."""
PATIENCE: dict[str, Callable[[int], int]] = {
    "429": lambda retries: 2 * retries,
    "refused": lambda retries: min(2, retries),
}
"""Retries by class: a busy server is asked more patiently than a broken one, and one that is not there hardly."""


class Caller:
    """Makes the calls of one server. Used by one event loop."""

    def __init__(self, wire: Wire, gate: Gate, retries: int) -> None:
        self.wire = wire
        self.gate = gate
        self.retries = retries
        self.stopped: str | None = None
        """Why nothing is asked any more; calls that are under way end on their own."""
        self._answered = 0
        self._given_up_in_a_row = 0

    async def until_answered(
        self,
        call: Callable[[], Awaitable[T]],
        attempts: list[str],
        tokens: float = 0.0,
        used: Callable[[T], int] | None = None,
    ) -> T:
        """Try until an answer comes.

        Args:
            attempts: collects the classes of errors.
            tokens: what the call may take, for the limit a minute.
            used: what it has taken.

        Raises:
            ValueError: it is given up, while others pass.
            StoppedError: it is given up, and the server with it; or the run has stopped meanwhile.
        """
        answered_before = self._answered
        while True:
            try:
                return await self._once(call, tokens, used)
            except CallError as error:
                attempts.append(error.kind)
                if error.kind not in PACES or len(attempts) > PATIENCE.get(error.kind, int)(self.retries):
                    raise await self._given_up(attempts, error, answered_before) from None
                if (error.retry_after_s or 0.0) > RETRY_AFTER_MAX_S:
                    shown = self.wire.endpoint.shown
                    raise StoppedError(f"{shown} asks to wait for more than {RETRY_AFTER_MAX_S:g} s") from None
                await asyncio.sleep(pause_s(error, len(attempts), random.random()))

    async def _once(self, call: Callable[[], Awaitable[T]], tokens: float, used: Callable[[T], int] | None) -> T:
        async with self.gate.slot(tokens) as slot:
            if self.stopped is not None:
                raise StoppedError(self.stopped)
            try:
                result = await call()
            except CallError as error:
                if error.kind == "429":
                    self.gate.slow_down(slot, error.retry_after_s)
                raise
            self._answered += 1
            self._given_up_in_a_row = 0
            self.gate.went_well()
            if used is not None:
                slot.used(used(result))
            return result

    async def _given_up(self, attempts: list[str], last: CallError, answered_before: int) -> Exception:
        """What a call that was given up means: this cell, or the server."""
        if last.kind == TOO_LONG:
            advice = "question and answer do not fit into the model's context; set llm.max_tokens lower"
            # Before anything was answered it is not this question, but what every one asks for.
            return StoppedError(f"{advice} ({last})") if self._answered == 0 else ValueError(f"{advice} ({last})")
        if last.kind == CONTENT:  # the server is well
            return ValueError(f"the server refuses this by its {last}")
        self._given_up_in_a_row += 1
        classes = ", ".join(f"{kind} x{count}" if count > 1 else kind for kind, count in Counter(attempts).items())
        shown = self.wire.endpoint.shown
        if last.kind == "refused":
            return StoppedError(f"nobody listens at {shown}; start the server, or set OPENAI_BASE_URL")
        if self._answered == answered_before and (
            self._answered == 0
            or self._given_up_in_a_row >= GIVEN_UP_MAX
            or last.kind == "429"
            or not await self.wire.alive()
        ):
            return StoppedError(f"the server {shown} has not answered: {classes} ({last})")
        return ValueError(f"the call was given up after {len(attempts)} tries: {classes} ({last})")
