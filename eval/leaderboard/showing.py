"""What `moviellm leaderboard show` does: the page over a folder of results, or over those on the Hub.

    moviellm leaderboard show results --requests queue --bench bench/public
    moviellm leaderboard show ORG/results

Without requests nothing can be handed in. Without the benchmark there are no questions to look at. `room_of` is what
the Space opens, too (space.py).
"""

import os
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from moviellm.cards.publishing import hub_in_words
from moviellm.eval.leaderboard.bench import Bench
from moviellm.eval.leaderboard.places import HubPlace, reading_place
from moviellm.eval.leaderboard.room import Room, Settings
from moviellm.eval.leaderboard.submitting import Desk
from moviellm.eval.submissions.index import INDEX_FILE

INSTALL: Final = 'pip install "moviellm[app,eval]"'
PER_DAY: Final = 2


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a page is over."""

    results: str
    requests: str | None = None
    bench: str | None = None
    bench_revision: str | None = None
    index: Path | None = None
    """Of the benchmark; None for the one with the requests, else the one in the benchmark's folder."""
    split: str = "test"
    per_day: int = PER_DAY
    title: str = ""
    on_hub: bool = False
    """Visitors log in with their accounts on the Hub; bundles are sent for them."""


def show(wish: Wish, *, port: int | None, share: bool) -> None:
    """Serve until Ctrl-C.

    Raises:
        ValueError: Gradio is missing, or a place is none.
    """
    with _temporary(), hub_in_words():
        app = gradio_page()
        room = room_of(wish)
        app.serve(app.build(room), port=port, share=share)


def room_of(wish: Wish) -> Room:
    """What the page shows.

    Raises:
        ValueError: a place is none.
    """
    if wish.per_day < 1:
        raise ValueError(f"--per-day {wish.per_day}: a submitter has 1 or more a day; leave --requests out for none")
    results = reading_place(wish.results, "results")
    bench = None if wish.bench is None else Bench(wish.bench, wish.bench_revision, wish.split)
    desk = None
    if wish.requests is not None:
        place = reading_place(wish.requests, "--requests")
        desk = Desk(place, index=_index(wish), per_day=wish.per_day, vouches=wish.on_hub)
    told = wish.requests if wish.requests and isinstance(desk and desk.place, HubPlace) else ""
    room = Room(
        results, bench=bench, desk=desk, settings=Settings(title=wish.title, requests=told, on_hub=wish.on_hub)
    )
    threading.Thread(target=_warm, args=(room,), daemon=True).start()
    return room


def gradio_page() -> Any:
    """The module of the page.

    Raises:
        ValueError: Gradio is missing.
    """
    try:
        from moviellm.eval.leaderboard import app
    except ModuleNotFoundError as error:
        if error.name != "gradio":
            raise
        raise ValueError(f"moviellm leaderboard show needs Gradio: {INSTALL}") from None
    return app


def _index(wish: Wish) -> Path | None:
    if wish.index is not None:
        return wish.index
    beside = Path(wish.bench).expanduser() / INDEX_FILE if wish.bench else None
    with_requests = Path(wish.requests or "").expanduser() / INDEX_FILE
    return beside if beside is not None and beside.is_file() and not with_requests.is_file() else None


def _warm(room: Room) -> None:
    """What takes long the first time, before somebody waits for it."""
    room.board_html()
    room.compare_html()
    room.items_html()


@contextmanager
def _temporary() -> Iterator[None]:
    """A folder for uploads that is removed at the end; a program that is asked to end cleans up as with Ctrl-C."""

    def end(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)
    with tempfile.TemporaryDirectory(prefix="moviellm-leaderboard-") as folder:
        os.environ["GRADIO_TEMP_DIR"] = folder
        yield
