"""Steps of a film, as VTimeLLM counts: 00 to 99.

step_of(42.0, duration_s=120.0, steps=100)        # 35
"""

NO_TIME = -1
"""The time id of a picture that has no time."""


def step_of(time_s: float, duration_s: float, steps: int) -> int:
    """Step of a time, 0 to `steps` - 1: `min(round(steps * t / duration), steps - 1)`."""
    if duration_s <= 0:
        return 0
    return max(min(round(steps * time_s / duration_s), steps - 1), 0)
