"""The limits of a whole cluster as arithmetic: money is never exceeded.

    money = Money(10.0, recorded={0: 1.25})      # by shard, from the logs
    money.fits(0.04)

Calls and tokens in a minute are counted as on one machine, by `Minute` (llm/admission.py). Nobody waits here and
nothing is sent: see desk.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What holds for a whole cluster; None is no limit."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    max_usd: float | None = None

    @property
    def paced(self) -> bool:
        """Whether calls must ask before they begin."""
        return self.requests_per_minute is not None or self.tokens_per_minute is not None


@dataclass
class Money:
    """What a run has cost by its logs, and what is held back for calls under way."""

    limit_usd: float | None
    recorded: dict[int | None, float] = field(default_factory=dict)
    """By shard; None is the run's own log."""
    held: dict[str, tuple[int, float]] = field(default_factory=dict)
    """Call -> its shard, and the most that it can cost."""

    @property
    def recorded_usd(self) -> float:
        """All that is in the logs."""
        return sum(self.recorded.values())

    def fits(self, usd: float) -> bool:
        """Whether a call that may cost so much can begin."""
        held = sum(bound for _, bound in self.held.values())
        return self.limit_usd is None or self.recorded_usd + held + usd <= self.limit_usd

    def recorded_of(self, shard: int | None, usd: float) -> None:
        """A shard's log holds so much now; what comes late says less and changes nothing."""
        self.recorded[shard] = max(usd, self.recorded.get(shard, 0.0))


def spread(counts: Mapping[str, int]) -> str:
    """`a: 2, b: 1`, the first eight."""
    shown = [f"{name}: {count}" for name, count in sorted(counts.items())[:8]]
    return ", ".join(shown) + (f", and {len(counts) - 8} more" if len(counts) > 8 else "")
