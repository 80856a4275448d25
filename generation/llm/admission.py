"""How many calls may be under way, and how fast they may begin: adaptive concurrency, requests and tokens a minute.

    async with gate.slot(tokens=1200) as slot:       # waits until a call may begin
        ...
        slot.used(tokens=900)                        # the estimate is corrected by what was used
    gate.slow_down(slot)                             # after a 429: fewer at a time, and a pause if it asks for one

Additive increase, multiplicative decrease, as TCP does it: each answer widens the window by one over itself, a 429
narrows it by three tenths, once for all calls that were under way together. A minute is kept exactly, by a window over
what began, and evenly, by a rate; what a process before has asked counts (`remember`). It knows no server and no
money.
"""

import asyncio
import itertools
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

MINUTE_S = 61.0
"""The window: a call that was let through arrives up to a second later, and still falls into the right minute."""
BURST_S = 2.0
"""A minute's limit is spread over the minute, but for so many seconds' worth that may come at once."""
NARROWER = 0.7


class Minute:
    """Units in any minute, by the calls that took them."""

    def __init__(self, limit: int | None, clock: Callable[[], float]) -> None:
        self._limit = limit
        self._clock = clock
        self._taken: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._sum = 0.0
        self._level = self._burst = 0.0 if limit is None else max(1.0, limit / 60.0 * BURST_S)
        self._at = clock()

    def __contains__(self, name: str) -> bool:
        return name in self._taken

    def wait_s(self, units: float) -> float:
        """Seconds until so many may be taken. More than the limit may be, when nothing else was for a minute."""
        if self._limit is None:
            return 0.0
        now = self._clock()
        self._forget(now)
        per_s = self._limit / 60.0
        self._level = min(self._burst, self._level + (now - self._at) * per_s)
        self._at = now
        need = min(units, self._burst)
        waits = [(need - self._level) / per_s if self._level < need - 1e-9 else 0.0]
        too_much = self._sum + units - self._limit
        for at, taken in self._taken.values():
            if too_much <= 1e-9:
                break
            waits.append(at + MINUTE_S - now)
            too_much -= taken
        return max(0.0, *waits)

    def take(self, name: str, units: float, at: float | None = None) -> None:
        """Take units for a call; `at` is when it began, where that was earlier."""
        if self._limit is not None and name not in self._taken:
            self._taken[name] = (self._clock() if at is None else at, units)
            self._sum += units
            self._level -= units if at is None else 0.0

    def remember(self, past: Iterable[tuple[str, float, float]]) -> None:
        """Take what began before: name, units and when. What is known by its name is not taken again."""
        for name, units, at in past:
            self.take(name, units, at)
        self._taken = OrderedDict(sorted(self._taken.items(), key=lambda item: item[1][0]))

    def correct(self, name: str, units: float) -> None:
        """What a call took in the end."""
        if name in self._taken:
            at, before = self._taken[name]
            self._taken[name] = (at, units)
            self._sum += units - before
            self._level = min(self._burst, self._level - (units - before))

    def _forget(self, now: float) -> None:
        while self._taken:
            name, (at, units) = next(iter(self._taken.items()))
            if at > now - MINUTE_S:
                return
            del self._taken[name]
            self._sum -= units
        self._sum = 0.0  # nothing is left of rounding


@dataclass(frozen=True)
class Asked:
    """What was asked of a server before, perhaps by another process."""

    name: str
    """No two calls have the same."""
    at: float
    """When it was answered, in seconds since 1970; it began before, and so counts rather too long than too short."""
    requests: int
    """One, and those of its tries that failed."""
    tokens: int


@dataclass
class Slot:
    """A call that is under way."""

    began: int
    """How many times the window had been narrowed when it began."""
    tokens: float
    """What was taken for it."""
    gate: "Gate"
    name: str = ""

    def used(self, tokens: int) -> None:
        """Correct the estimate by what the server counted."""
        self.gate.tokens.correct(self.name, tokens)
        self.tokens = tokens


class Gate:
    """Lets calls begin. Used by one event loop."""

    def __init__(
        self, concurrency: int, requests_per_minute: int | None = None, tokens_per_minute: int | None = None
    ) -> None:
        self.most = concurrency
        self.window = float(concurrency)
        """Calls that may be under way together; follows the server's 429s."""
        self.requests = Minute(requests_per_minute, time.monotonic)
        self.tokens = Minute(tokens_per_minute, time.monotonic)
        self._limited = requests_per_minute is not None or tokens_per_minute is not None
        self._numbers = itertools.count()
        self._under_way = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self.narrowed = 0
        """Times that the window was narrowed."""
        self._paused_until = 0.0
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def slot(self, tokens: float = 0.0) -> AsyncIterator[Slot]:
        """A place among the calls under way, when its turn has come."""
        await self._enter()
        try:
            yield await self._admitted(tokens)
        finally:
            self._under_way -= 1
            self._wake()

    async def _admitted(self, tokens: float) -> Slot:
        """Wait until the limits a minute let it begin."""
        return Slot(self.narrowed, tokens, self, await self._in_time(tokens))

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

    async def _in_time(self, tokens: float) -> str:
        """Wait out a pause and the limits a minute; in turn, so that a call with many tokens is not overtaken.

        Returns the name under which the call is counted.
        """
        if self._turn.locked() or self._wait_s(tokens) > 0.0:
            async with self._turn:
                while (wait_s := self._wait_s(tokens)) > 0.0:
                    await asyncio.sleep(wait_s)
                return self._take(tokens)
        return self._take(tokens)

    def _wait_s(self, tokens: float) -> float:
        pause_s = self._paused_until - time.monotonic()
        return max(pause_s, self.requests.wait_s(1.0), self.tokens.wait_s(tokens))

    def _take(self, tokens: float) -> str:
        name = str(next(self._numbers))
        self.requests.take(name, 1.0)
        self.tokens.take(name, tokens)
        return name

    def remember(self, past: Iterable[Asked], *, unknown: bool = False) -> None:
        """Count what was asked before, for the limits a minute; asked twice, it counts once.

        Args:
            unknown: there was more, which nobody knows: the minute is waited out.
        """
        if not self._limited:
            return
        past, now = list(past), time.time()
        begun = {one.name: min(one.at, now) - now + time.monotonic() for one in past}
        self.requests.remember((one.name, one.requests, begun[one.name]) for one in past)
        self.tokens.remember((one.name, one.tokens, begun[one.name]) for one in past)
        if unknown:
            self._paused_until = max(self._paused_until, time.monotonic() + MINUTE_S)

    def went_well(self) -> None:
        """An answer came: the window widens by one for a window of answers."""
        if self.window < self.most:
            self.window = min(float(self.most), self.window + 1.0 / self.window)
            self._wake()

    def slow_down(self, slot: Slot, pause_s: float | None = None) -> None:
        """The server is busy: narrow the window, once for all calls under way together, and pause if it asks to."""
        if slot.began == self.narrowed:
            self.narrowed += 1
            self.window = max(1.0, self.window * NARROWER)
        if pause_s is not None:
            self._paused_until = max(self._paused_until, time.monotonic() + pause_s)
