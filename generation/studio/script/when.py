"""When a scene happens, and how long after the one before it: the story's calendar for summaries and narrators.

    gap_of(voice, before, scene)        # 'three months', '' for the next day, None where nothing need be said

It knows no clock of its own: dates and hours are the simulation's (story.py).
"""

import datetime

from moviellm.generation.studio.plot.story import SceneLog
from moviellm.generation.studio.script.language import Voice

WEEK, MONTH = 7, 30
NIGHT_HOURS = 5
"""Hour at which a day begins; before it, it is still the night of the day before."""


def day_of(scene: SceneLog) -> str:
    """ISO-8601 date of a scene."""
    return str(scene.date)


def hour_of(scene: SceneLog) -> str:
    """Time of a scene, `18:40`."""
    return str(scene.clock)


def days_between(before: SceneLog, scene: SceneLog) -> int:
    """Days from one scene to another; none within one night."""
    start, end = (
        datetime.datetime.fromisoformat(f"{day_of(log)}T{hour_of(log)}") - datetime.timedelta(hours=NIGHT_HOURS)
        for log in (before, scene)
    )
    dates = datetime.date.fromisoformat(day_of(scene)) - datetime.date.fromisoformat(day_of(before))
    return min((end.date() - start.date()).days, dates.days)


def gap_of(voice: Voice, before: SceneLog | None, scene: SceneLog) -> str | None:
    """The time that has passed in words; empty for one day, None on the same day or at the start."""
    days = days_between(before, scene) if before else 0
    if days < 1:
        return None
    if days == 1:
        return ""
    count, unit = (
        (days, "days") if days < WEEK else (days // WEEK, "week") if days < MONTH else (days // MONTH, "month")
    )
    unit = unit if count == 1 or unit == "days" else f"{unit}s"
    return voice.say(f"gap.{unit}", {"n": voice.tongue.number(count)})
