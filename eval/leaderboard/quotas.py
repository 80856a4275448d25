"""What a submitter has sent, what became of it, and whether there is room for more today.

    mine = sent_by(look, "ada")                 # newest first
    room = room_for(mine, per_day=2, now=...)   # Room(left=1, again_at=None)

A request counts for 24 hours after it was sent; one whose scoring failed for no fault of its own does not. What was
not accepted was not sent, and counts for nothing. It writes nothing.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from moviellm.eval.leaderboard.claims import DAY, status_of, time_of
from moviellm.eval.leaderboard.incoming import hashes
from moviellm.eval.leaderboard.places import Look
from moviellm.eval.submissions.sending import REQUEST_FILE, request_path

READERS: Final = 8
UNCOUNTED: Final = ("failed",)
"""States in which a request takes no room."""


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A request of a submitter."""

    sha256: str
    display_name: str
    model_id: str
    sent_at: datetime
    state: str
    """queued, scoring, scored, rejected or failed."""
    problems: Sequence[tuple[str, str, str]]
    """(code, where, message)."""


@dataclass(frozen=True)
class Room:
    """What a submitter may still send."""

    left: int
    again_at: datetime | None
    """When there is room again, where there is none now."""


def sent_by(look: Look, submitter: str) -> list[Sent]:
    """The requests of a submitter, newest first."""
    known = hashes(look)
    with ThreadPoolExecutor(READERS) as readers:
        told = readers.map(lambda sha256: look.json(f"{request_path(sha256)}/{REQUEST_FILE}"), known)
        mine = {
            sha256: request
            for sha256, request in zip(known, told, strict=True)
            if request is not None and request.get("submitter") == submitter
        }
    found = [_sent(look, sha256, request) for sha256, request in mine.items()]
    return sorted(found, key=lambda one: (one.sent_at, one.sha256), reverse=True)


def room_for(mine: Sequence[Sent], per_day: int, now: datetime) -> Room:
    """How many more a submitter may send."""
    taken = sorted(one.sent_at for one in mine if one.sent_at > now - DAY and one.state not in UNCOUNTED)
    left = max(0, per_day - len(taken))
    return Room(left, None if left or not taken else taken[-per_day] + DAY)


def _sent(look: Look, sha256: str, request: dict[str, Any]) -> Sent:
    status = status_of(look, sha256)
    problems = [one for one in status["problems"] if isinstance(one, dict)]
    return Sent(
        sha256=sha256,
        display_name=str(request.get("display_name", "")),
        model_id=str(request.get("model_id", "")),
        sent_at=time_of(request.get("sent_at")),
        state=str(status["state"]),
        problems=[tuple(str(one.get(name, "")) for name in ("code", "where", "message")) for one in problems],  # type: ignore[misc]
    )
