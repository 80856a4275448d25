"""Dates and hours of proposed scenes: a model says the time of day and how many days have passed.

    calendar = Calendar.start("dusk", seed)
    calendar.turn("night", days=0)             # ('1903-05-04', '21:30')

Time never goes back: an hour that has passed is meant for the next day. It knows no weather: the model says it.
"""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from moviellm.generation.protocols import derive_seed
from moviellm.generation.schema import TimeOfDay

WINDOWS: Final[dict[TimeOfDay, tuple[float, float]]] = {
    "dawn": (5.0, 7.0), "day": (7.0, 17.5), "dusk": (17.5, 20.5), "night": (20.5, 29.0),
}  # fmt: skip
"""Hours of a day from its midnight at which it is dawn, day, dusk and night."""
STEP_MINUTES: Final = 10


@dataclass
class Calendar:
    """The moment of the last scene."""

    day: datetime
    """Midnight of the day that is told; a night belongs to the day before it."""
    hour: float
    """Hours since then; less than any scene's before the first."""
    rng: random.Random

    @classmethod
    def start(cls, time_of_day: TimeOfDay, seed: int) -> "Calendar":
        """Before the first scene."""
        rng = random.Random(derive_seed(seed, "calendar"))
        day = datetime(1890, 1, 1, tzinfo=UTC) + timedelta(days=rng.randrange(25_000))
        return cls(day, WINDOWS[time_of_day][0] - 0.5, rng)

    def turn(self, time_of_day: TimeOfDay, days: int) -> tuple[str, str]:
        """Date and clock of the next scene."""
        low, high = WINDOWS[time_of_day]
        earliest = max(low, self.hour + 0.5)
        if days or earliest >= high:
            self.day += timedelta(days=max(1, days))
            earliest = low
        latest = min(high, earliest + 3.0)
        steps = max(1, int((latest - earliest) * 60 / STEP_MINUTES))
        minutes = round(earliest * 60 / STEP_MINUTES + self.rng.randrange(steps)) * STEP_MINUTES
        minutes = min(max(minutes, round(low * 60)), round(high * 60) - STEP_MINUTES)
        self.hour = minutes / 60
        moment = self.day + timedelta(minutes=minutes)
        return moment.strftime("%Y-%m-%d"), moment.strftime("%H:%M")
