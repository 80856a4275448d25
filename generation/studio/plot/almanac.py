"""The clock and the sky of a story: date, hour and weather go on from scene to scene.

    clock = Clock.start(world, rng); clock.turn(new_chapter=False); clock.now()

It also tells the rare situations that are a matter of time and weather: months that pass, a storm that breaks.
"""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from moviellm.generation.schema import TimeOfDay, Weather
from moviellm.generation.studio.world.world import World

HOURS = {"dawn": 5.5, "day": 9.0, "dusk": 18.0, "night": 21.5}
TURNS: dict[Weather, tuple[Weather, ...]] = {
    "clear": ("cloudy", "cloudy", "fog"),
    "cloudy": ("clear", "rain", "fog", "snow"),
    "rain": ("cloudy", "storm", "clear"),
    "storm": ("rain", "rain", "cloudy"),
    "fog": ("cloudy", "clear"),
    "snow": ("cloudy", "snow", "clear"),
}
"""What weather turns into."""


@dataclass
class Clock:
    """When it is and what the sky does."""

    moment: datetime
    weather: Weather
    rng: random.Random
    hours: float = 0.0
    """Hours that pass before the next scene."""
    storms: bool = True
    jump: int | None = None
    """Scene before which months pass."""
    storm: int | None = None
    """Scene in which a storm breaks."""
    done: list[str] = field(default_factory=list)
    """Rare situations that have come."""

    @classmethod
    def start(cls, world: World, rng: random.Random, scenes: int, wanted: tuple[str, ...]) -> "Clock":
        """The first moment of a story; rare situations of time and weather come between its scenes."""
        day = datetime(1890, 1, 1, tzinfo=UTC) + timedelta(days=rng.randrange(25_000))
        clock = cls(day + timedelta(hours=HOURS[world.time_of_day]), world.weather, rng)
        clock.storms = "sudden_storm" not in wanted
        if "time_jump" in wanted and scenes > 1:
            clock.jump = rng.randrange(1, scenes)
        if "sudden_storm" in wanted and scenes > 1:
            clock.storm = rng.randrange(1, scenes)
            clock.weather = "cloudy" if clock.weather == "storm" else clock.weather
        return clock

    def turn(self, number: int, new_chapter: bool) -> None:
        """Time goes on to the scene of that number: by one to four hours, and over night between chapters."""
        if number == 0:
            return
        hours = self.hours + self.rng.uniform(1.0, 4.0) + (6.0 if new_chapter else 0.0)
        if self.jump == number:
            hours += 24.0 * self.rng.randrange(60, 300)
            self.done.append("time_jump")
        self.moment += timedelta(minutes=10 * round(hours * 6))
        self.hours = 0.0
        if self.rng.random() < 0.3:
            options = [weather for weather in TURNS[self.weather] if self.storms or weather != "storm"]
            self.weather = self.rng.choice(options)
        if self.storm == number:
            self.weather = "storm"
            self.done.append("sudden_storm")

    def now(self) -> tuple[TimeOfDay, Weather, str, str]:
        """Time of day, weather, date and clock."""
        hour = self.moment.hour + self.moment.minute / 60
        time_of_day: TimeOfDay = (
            "dawn" if 5 <= hour < 7 else "day" if 7 <= hour < 17.5 else "dusk" if 17.5 <= hour < 20.5 else "night"
        )
        return time_of_day, self.weather, self.moment.strftime("%Y-%m-%d"), self.moment.strftime("%H:%M")
