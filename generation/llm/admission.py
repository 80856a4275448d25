"""How many calls may be under way, and how fast they may begin: adaptive concurrency, requests and tokens a minute.

    async with gate.slot(tokens=1200) as slot:       # waits until a call may begin
        ...
        slot.used(tokens=900)                        # the estimate is corrected by what was used
    gate.slow_down(slot)                             # after a 429: fewer at a time, and a pause if it asks for one

Additive increase, multiplicative decrease, as TCP does it: each answer widens the window by one over itself, a 429
narrows it by three tenths, once for all calls that were under way together. It knows no server and no money.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

BURST_S = 2.0
"""A minute's limit is spread over the minute, but for so many seconds' worth that may come at once."""
NARROWER = 0.7


class Rate:
    """So many units a minute, evenly, with a small burst. A debt is waited for by those who come next."""

    def __init__(self, per_minute: int | None) -> None:
        self._per_s = None if per_minute is None else per_minute / 60.0
        self._burst = 0.0 if self._per_s is None else max(1.0, self._per_s * BURST_S)
        self._level = self._burst
        self._at = time.monotonic()

    def wait_s(self) -> float:
        """Seconds until a unit may be taken. More than are there may be: the rest is debt."""
        if self._per_s is None:
            return 0.0
        now = time.monotonic()
        self._level = min(self._burst, self._level + (now - self._at) * self._per_s)
        self._at = now
        return 0.0 if self._level > 0.0 else (1e-3 - self._level) / self._per_s

    def take(self, units: float) -> None:
        """Take units; a negative number gives some back."""
        if self._per_s is not None:
            self._level = min(self._burst, self._level - units)


@dataclass
class Slot:
    """A call that is under way."""

    began: int
    """How many times the window had been narrowed when it began."""
    tokens: float
    """What was taken for it."""
    gate: "Gate"

    def used(self, tokens: int) -> None:
        """Correct the estimate by what the server counted."""
        self.gate.tokens.take(tokens - self.tokens)
        self.tokens = tokens


class Gate:
    """Lets calls begin. Used by one event loop."""

    def __init__(
        self, concurrency: int, requests_per_minute: int | None = None, tokens_per_minute: int | None = None
    ) -> None:
        self.most = concurrency
        self.window = float(concurrency)
        """Calls that may be under way together; follows the server's 429s."""
        self.requests = Rate(requests_per_minute)
        self.tokens = Rate(tokens_per_minute)
        self._under_way = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._narrowed = 0
        self._paused_until = 0.0
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def slot(self, tokens: float = 0.0) -> AsyncIterator[Slot]:
        """A place among the calls under way, when its turn has come."""
        await self._enter()
        try:
            await self._in_time(tokens)
            yield Slot(self._narrowed, tokens, self)
        finally:
            self._under_way -= 1
            self._wake()

    async def _enter(self) -> None:
        if self._under_way < int(self.window) and not self._waiting:
            self._under_way += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._under_way -= 1
                self._wake()
            raise

    def _wake(self) -> None:
        while self._waiting and self._under_way < int(self.window):
            turn = self._waiting.popleft()
            if not turn.done():
                self._under_way += 1
                turn.set_result(None)

    async def _in_time(self, tokens: float) -> None:
        """Wait out a pause and the limits a minute; in turn, so that a call with many tokens is not overtaken."""
        if self._turn.locked() or self._wait_s() > 0.0:
            async with self._turn:
                while (wait_s := self._wait_s()) > 0.0:
                    await asyncio.sleep(wait_s)
                self._take(tokens)
        else:
            self._take(tokens)

    def _wait_s(self) -> float:
        return max(self._paused_until - time.monotonic(), self.requests.wait_s(), self.tokens.wait_s())

    def _take(self, tokens: float) -> None:
        self.requests.take(1.0)
        self.tokens.take(tokens)

    def went_well(self) -> None:
        """An answer came: the window widens by one for a window of answers."""
        if self.window < self.most:
            self.window = min(float(self.most), self.window + 1.0 / self.window)
            self._wake()

    def slow_down(self, slot: Slot, pause_s: float | None = None) -> None:
        """The server is busy: narrow the window, once for all calls under way together, and pause if it asks to."""
        if slot.began == self._narrowed:
            self._narrowed += 1
            self.window = max(1.0, self.window * NARROWER)
        if pause_s is not None:
            self._paused_until = max(self._paused_until, time.monotonic() + pause_s)
