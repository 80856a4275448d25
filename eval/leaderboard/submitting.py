"""The desk at which bundles are handed in: checked in a cell, counted against the quota, sent as a request.

    desk = Desk("queue", index=Path("INDEX.json"), per_day=2)
    desk.hand_in(Path("mine.zip"), "ada")       # HTML: the problems with their codes, and what became of it
    desk.mine("ada")                            # HTML: what ada sent, and its status

Who hands in is what the caller says: on the Hub the one who logged in. No byte of an upload goes further than the cell
(eval/submissions/sending.py). It scores nothing.
"""

import tempfile
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from moviellm.eval.leaderboard.pages import render
from moviellm.eval.leaderboard.places import FolderPlace, Place
from moviellm.eval.leaderboard.quotas import Room, room_for, sent_by
from moviellm.eval.submissions import sending
from moviellm.eval.submissions.index import INDEX_FILE, Index, read_index
from moviellm.eval.submissions.names import display_name_fault
from moviellm.eval.submissions.problems import CODES
from moviellm.generation.files import write_whole

PROBLEMS_MAX: Final = 200
"""Problems that are listed."""
STATES: Final = {
    "queued": "waiting",
    "scoring": "being scored",
    "scored": "scored",
    "rejected": "rejected",
    "failed": "failed; whoever keeps the leaderboard can try again",
}


class Desk:
    """See the module."""

    def __init__(self, place: Place, *, index: Path | None = None, per_day: int = 2, vouches: bool = False) -> None:
        self.place, self.per_day, self.vouches = place, per_day, vouches
        self._index = index
        self._one = threading.Lock()
        """Room is looked for and taken by one at a time."""

    def index(self, folder: Path) -> tuple[Index, Path]:
        """The index that bundles are held against: the given one, else that with the requests.

        Raises:
            ValueError: there is none.
            OSError: the Hub cannot be reached.
        """
        path = self._index
        if path is None:
            data = self.place.look().read(INDEX_FILE)
            if data is None:
                raise ValueError(f"{self.place.name} holds no {INDEX_FILE}: nothing can be checked yet")
            path = folder / INDEX_FILE
            write_whole(path, data)
        return read_index(path), path

    def check(self, bundle: Path) -> str:
        """What is wrong with a bundle."""
        with tempfile.TemporaryDirectory(prefix="moviellm-desk-") as made:
            try:
                facts, _ = sending.one_form(bundle, *self.index(Path(made)))
            except (ValueError, OSError) as error:
                return _told(error, bundle)
        return _problems(facts, "This bundle would be accepted. Nothing was sent." if facts["accepted"] else "")

    def hand_in(self, bundle: Path, submitter: str) -> str:
        """Check a bundle and send it, where there is room."""
        submitter = submitter.strip()
        if fault := display_name_fault(submitter):
            return render("told", error=f"Your name cannot be shown: {fault}." if submitter else "Say who you are.")
        with tempfile.TemporaryDirectory(prefix="moviellm-desk-") as made:
            try:
                facts, files = sending.one_form(bundle, *self.index(Path(made)))
                if not facts["accepted"]:
                    return _problems(facts, "")
                return _problems(facts, self._send(facts, files, submitter))
            except (ValueError, OSError) as error:
                return _told(error, bundle)

    def _send(self, facts: dict[str, Any], files: dict[str, bytes], submitter: str) -> str:
        """Send what was accepted; what became of it, in words.

        Raises:
            ValueError: there is no room, or the requests do not take it.
            OSError: the Hub cannot be reached.
        """
        with self._one:
            mine = sent_by(self.place.look(), submitter)
            if all(one.sha256 != facts["sha256"] for one in mine):
                _check_room(room_for(mine, self.per_day, datetime.now(UTC)), self.per_day)
            if isinstance(self.place, FolderPlace):
                sent = sending.send_to_folder(Path(self.place.name), facts, files, submitter)
            else:
                sent = sending.send_to_hub(self.place.name, facts, files, submitter, vouched=self.vouches)
        if sent.state == "already there":
            by = sent.request["submitter"]
            return f"These predictions were sent before, by {'you' if by == submitter else by}: nothing was sent."
        return f"Sent. It is scored under {sent.request['display_name']}; its status stands below."

    def mine(self, submitter: str) -> str:
        """What a submitter sent, with its status, and what room is left."""
        submitter = submitter.strip()
        if not submitter or display_name_fault(submitter):
            return ""
        try:
            mine = sent_by(self.place.look(), submitter)
        except (ValueError, OSError) as error:
            return render("told", error=f"The requests cannot be read: {error}")
        room = room_for(mine, self.per_day, datetime.now(UTC))
        return render(
            "mine",
            submitter=submitter,
            rows=[(one, _when(one.sent_at), STATES.get(one.state, one.state)) for one in mine],
            left=room.left,
            again=None if room.again_at is None else _when(room.again_at),
            per_day=self.per_day,
        )


def _check_room(room: Room, per_day: int) -> None:
    if room.left < 1:
        assert room.again_at is not None, "somebody who sent nothing has room"
        raise ValueError(f"{per_day} submissions a day are taken; there is room again at {_when(room.again_at)}")


def _when(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _told(error: Exception, bundle: Path) -> str:
    """An error without the place of the upload on the server."""
    return render("told", error=str(error).replace(str(bundle), bundle.name))


def _problems(facts: dict[str, Any], outcome: str) -> str:
    rows = [(one["code"], CODES.get(one["code"], ""), one["where"], one["message"]) for one in facts["problems"]]
    return render(
        "problems",
        accepted=facts["accepted"],
        outcome=outcome,
        rows=rows[:PROBLEMS_MAX],
        more=max(0, len(rows) - PROBLEMS_MAX),
        errors=sum(row[0].startswith("E") for row in rows),
    )
