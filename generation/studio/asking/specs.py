"""Which events and which points of time the forms of questions mean.

    the_event(log, {"action": "give", "actor": "Ada", "object": "silver key"})   # Event, or None

A *spec* is some of an event's fields. Without `variant` it means only events that did not fail. It answers nothing:
see forms.py.
"""

from collections.abc import Mapping
from typing import Any, Final

from moviellm.generation.studio.asking.movielog import Event, Log

MOVES: Final = ("go", "enter", "flee", "follow", "chase")
"""Actions that only bring somebody to a place: true causes that explain nothing."""


VAIN: Final = "vain"


Form = Mapping[str, Any]


Spec = Mapping[str, str]


Value = Any
"""What a form is answered with: a name, caption, number, span or list of them; None when the movie does not answer."""


def matches(event: Event, spec: Spec) -> bool:
    """Whether an event is one that the spec means."""
    if "variant" not in spec and event.get("variant") == VAIN:
        return False
    return spec.items() <= event.fields.items()


def matching(log: Log, spec: Spec) -> list[Event]:
    """The events that a spec means."""
    key = tuple(spec.items())
    if key not in log.matched:
        events = log.by_action.get(spec["action"], []) if "action" in spec else log.events
        log.matched[key] = [event for event in events if matches(event, spec)]
    return log.matched[key]


def the_event(log: Log, spec: Spec) -> Event | None:
    """The only event that a spec means."""
    found = matching(log, spec)
    return found[0] if len(found) == 1 else None


def moment_of(log: Log, when: Any) -> tuple[int, int] | None:
    """Positions just before and after a point of the story: an event, the first scene of a weather, or the end."""
    if when == "end":
        return log.end, log.end
    if "weather" in when:
        first = next((i for i, scene in enumerate(log.scenes) if scene["weather"] == when["weather"]), None)
        return None if not first else (log.scene_position(first), log.scene_position(first))
    event = the_event(log, when)
    return None if event is None else (2 * event.index, 2 * event.index + 1)
