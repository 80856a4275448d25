"""The desk of a cluster: one actor that lets calls to the model server begin, for all nodes, and sees what is made.

    desk = Desk("runs/one", limits)               # a plain object; driving.py makes it an actor
    await desk.begin(shard, "a1", tokens=900)     # returns when the call may begin
    await desk.hold(shard, "b1", usd=0.02)        # money for a call; a reason where there is none
    desk.tell(shard, Told(node="a", ...)); desk.view()

Nothing that matters lives here alone. When it dies it is started again, reads the ledger (ledger.py) and the logs of
exchanges, and goes on: those who asked meanwhile have waited. The first desk of a cluster does the same, so that what
others asked a moment before counts. A call asks by a name of its own, so that asking twice
is asking once. It knows no movies and no Ray.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Set
from dataclasses import asdict, dataclass, field
from pathlib import Path

from moviellm.generation.cluster.ledger import Ledger
from moviellm.generation.cluster.limits import Limits, Money
from moviellm.generation.llm.admission import MINUTE_S, Asked, Minute
from moviellm.generation.llm.exchanges import LOG_NAME, Spent, asked_in, log_of, logs_of, spent_in
from moviellm.generation.llm.money import BUDGET_SPENT

GIVEN_UP = "given up"


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a maker tells of its shard, now and then."""

    node: str
    cells: int = 0
    """Cells that are there."""
    failed: int = 0
    """Movies that failed."""
    spent: Spent = field(default_factory=Spent)
    """What the shard has cost."""


class Desk:
    """Limits and sight of one run. Used by one event loop."""

    def __init__(self, run: str, limits: Limits) -> None:
        self._run = Path(run)
        self._limits = limits
        self._ledger = Ledger(self._run) if limits.paced or limits.max_usd is not None else None
        self._requests = Minute(limits.requests_per_minute, time.time)
        self._tokens = Minute(limits.tokens_per_minute, time.time)
        self._money = Money(limits.max_usd)
        self._paused_until = 0.0
        self._turn = asyncio.Lock()
        self._waiting: deque[tuple[int, str, asyncio.Event]] = deque()
        """Shard, call, and what tells it that something has changed."""
        self._told: dict[int, Told] = {}
        if self._ledger is not None:
            self._rebuild(self._ledger)

    def _rebuild(self, ledger: Ledger) -> None:
        """Know what was before: costs from the logs, the last minute and what is held from the ledger.

        What others asked in the last minute, who had no desk, is in the logs; it is written into the ledger, where the
        next desk finds it.
        """
        if self._limits.max_usd is not None:
            self._money.recorded |= self._recorded()
        began = {row["name"]: row for row in ledger.rows if row["kind"] == "began"}
        now = time.time()
        for one in self._asked(now - MINUTE_S, a_desk_was=bool(began)) if self._limits.paced else ():
            if one.name not in began:
                began[one.name] = {"kind": "began", **asdict(one), "at": min(one.at, now)}
                ledger.append(began[one.name])
        for row in ledger.rows:
            if row["kind"] == "told":
                self._money.recorded_of(row["shard"], row["usd"])
        self._money.held |= {row["name"]: (row["shard"], row["usd"]) for row in ledger.rows if row["kind"] == "held"}
        times = {name: min(row["at"], now) for name, row in began.items()}  # another machine's clock may be ahead
        self._requests.remember((name, row.get("requests", 1), times[name]) for name, row in began.items())
        self._tokens.remember((name, row["tokens"], times[name]) for name, row in began.items())

    def _asked(self, since: float, *, a_desk_was: bool) -> list[Asked]:
        """What the logs say was asked since a time; where a desk was, its ledger says what shards have asked."""
        paths = [path for path in logs_of(self._run) if path.name == LOG_NAME or not a_desk_was]
        return [one for path in paths if path.stat().st_mtime > since for one in asked_in(path, since)]

    def _recorded(self) -> dict[int | None, float]:
        """What the logs say that each shard has cost; under None what the run's own log says."""
        logs = {None if path.name == LOG_NAME else int(path.stem): path for path in logs_of(self._run)}
        return {shard: spent_in(path).usd for shard, path in logs.items()}

    # ------------------------------------------------------------ calls and tokens a minute

    async def begin(self, name: str, tokens: float) -> None:
        """Wait until a call may begin; in turn, so that one with many tokens is not overtaken."""
        async with self._turn:
            if name in self._requests or name in self._tokens:
                return
            while (wait_s := self._wait_s(tokens)) > 0.0:
                await asyncio.sleep(min(wait_s, 1.0))
            now = time.time()
            self._write({"kind": "began", "name": name, "at": now, "tokens": tokens})
            self._requests.take(name, 1.0)
            self._tokens.take(name, tokens)

    def _wait_s(self, tokens: float) -> float:
        return max(self._paused_until - time.time(), self._requests.wait_s(1.0), self._tokens.wait_s(tokens))

    async def counted(self, name: str, tokens: int) -> None:
        """What a call has taken, as the server counted."""
        self._write({"kind": "counted", "name": name, "tokens": tokens})
        self._tokens.correct(name, tokens)

    async def pause(self, seconds: float) -> None:
        """A server has asked one node to wait: all wait."""
        self._paused_until = max(self._paused_until, time.time() + seconds)

    # ------------------------------------------------------------ money

    async def hold(self, shard: int, name: str, usd: float) -> str | None:
        """Hold back the most that a call can cost, in turn; the reason where it does not fit and nothing is under way.

        What is held when nothing fits may leave room: then it waits.
        """
        if name in self._money.held:
            return None
        turn = asyncio.Event()
        mine = (shard, name, turn)
        self._waiting.append(mine)
        try:
            while mine in self._waiting:
                first = self._waiting[0] is mine
                if first and self._money.fits(usd):
                    break
                if first and not self._money.held:
                    return self._spent(usd)
                turn.clear()
                await turn.wait()
            else:
                return GIVEN_UP
            self._write({"kind": "held", "name": name, "shard": shard, "usd": usd})
            self._money.held[name] = (shard, usd)
            return None
        finally:
            if mine in self._waiting:
                self._waiting.remove(mine)
            self._wake()

    async def free(self, shard: int, name: str, recorded_usd: float) -> None:
        """Give back what was held for a call: the shard's log holds what it has cost."""
        self._money.recorded_of(shard, recorded_usd)
        self._let_go({name})

    async def forget(self, shard: int) -> None:
        """Nobody makes this shard now, or somebody begins again: its log says what it has cost."""
        if self._limits.max_usd is not None:
            self._money.recorded_of(shard, spent_in(log_of(self._run, shard)).usd)
        self._let_go(self._calls_of(shard))

    def _calls_of(self, shard: int) -> set[str]:
        """Calls of a shard for which money is held, and those that wait for some."""
        return {name for name, (owner, _) in self._money.held.items() if owner == shard} | {
            name for owner, name, _ in self._waiting if owner == shard
        }

    def _let_go(self, names: Set[str]) -> None:
        """Give back what is held for calls, and let none of them wait: nobody is there to give it back later."""
        for name in names & self._money.held.keys():
            del self._money.held[name]
            self._write({"kind": "free", "name": name})
        for waiting in [one for one in self._waiting if one[1] in names]:
            self._waiting.remove(waiting)
            waiting[2].set()
        self._wake()

    def _wake(self) -> None:
        if self._waiting:
            self._waiting[0][2].set()

    def _spent(self, usd: float) -> str:
        return (
            f"{BUDGET_SPENT}: {self._money.recorded_usd:.4f} of {self._limits.max_usd:g} USD, "
            f"and the next call may cost {usd:.4f} (the longest answer counts: see llm.max_tokens)"
        )

    def _write(self, row: dict[str, object]) -> None:
        if self._ledger is not None:
            self._ledger.append(row)

    # ------------------------------------------------------------ sight

    async def tell(self, shard: int, told: Told) -> None:
        """What a maker says of its shard."""
        self._told[shard] = told

    async def view(self) -> dict[int, Told]:
        """What was said of each shard last."""
        return self._told

    async def alive(self) -> bool:
        """Whether it answers."""
        return True


def nodes_of(told: dict[int, Told], shards: set[int]) -> Counter[str]:
    """How many of these shards each node makes."""
    return Counter(told[shard].node for shard in shards if shard in told)
