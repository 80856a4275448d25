"""What the page of a leaderboard knows: results as they are now, the benchmark, the desk. It answers with HTML.

    room = Room(results, bench=Bench("bench/public"), desk=desk, settings=Settings(title="ORG/BENCH"))
    room.board_html(), room.compare_html()
    room.answer("compare", '{"a": "3f...", "b": "9a..."}')      # what a visitor's browser may ask for

Results are looked at anew when they are older than half a minute. When the Hub is out of reach, the page shows what it
last saw and says so. It knows no Gradio: see app.py.
"""

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from moviellm.eval.leaderboard import texts
from moviellm.eval.leaderboard.bench import Bench
from moviellm.eval.leaderboard.board import Board, read_board
from moviellm.eval.leaderboard.comparing import compare_html, compared_html
from moviellm.eval.leaderboard.items import item_html, items_html, list_html
from moviellm.eval.leaderboard.pages import render
from moviellm.eval.leaderboard.places import Place
from moviellm.eval.leaderboard.ranks import OVERALL, Standing, standings_of
from moviellm.eval.leaderboard.submitting import Desk
from moviellm.eval.leaderboard.table import Facts, board_html, plots_html
from moviellm.eval.submissions.index import INDEX_FILE

AGE_S: Final = 30.0
WISH_MAX: Final = 4_000
"""Characters of what a browser may ask."""
PAGES_MAX: Final = 100_000


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the page is called, and how it is run."""

    title: str = ""
    """Of the page; the benchmark's name where it is empty."""
    requests: str = ""
    """Where bundles are sent, as the text for submitters names it."""
    on_hub: bool = False
    """Whether visitors log in with their accounts on the Hub."""


class Room:
    """See the module."""

    def __init__(self, results: Place, *, bench: Bench | None, desk: Desk | None, settings: Settings) -> None:
        self.results, self.bench, self.desk, self.settings = results, bench, desk, settings
        self._lock = threading.RLock()
        self._board = Board()
        self._standings: Mapping[str, Standing] = {}
        self._read_at: float | None = None
        self._as_of = ""
        self._note = ""

    def board(self) -> Board:
        """The results, at most half a minute old."""
        with self._lock:
            if self._read_at is None or time.monotonic() - self._read_at > AGE_S:
                self._refresh()
            return self._board

    def forget(self) -> None:
        """Look at the results anew the next time."""
        with self._lock:
            self._read_at = None

    def _refresh(self) -> None:
        try:
            board = read_board(self.results.look())
        except (ValueError, OSError) as error:
            self._note = f"The results cannot be read now ({texts.shown(error, 160)}); this is what was there before."
            self._read_at = time.monotonic()
            return
        if board.sha256 != self._board.sha256 or not self._standings:
            self._standings = standings_of(board)
        self._board, self._note, self._read_at = board, "", time.monotonic()
        self._as_of = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")

    def board_html(self) -> str:
        """The table."""
        board = self.board()
        return board_html(board, self._standings, self._facts(board))

    def compare_html(self) -> str:
        """The comparison of two rows."""
        board = self.board()
        places = self._standings.get(OVERALL, Standing()).places
        order = sorted(board.rows, key=lambda key: (places[key].rank if key in places else len(board.rows) + 1, key))
        return compare_html(board, order)

    def items_html(self) -> str:
        """The questions."""
        return items_html(self.bench)

    def submit_html(self) -> str:
        """How a bundle is made and handed in."""
        entry = next(iter(self.board().rows.values()), None)
        return render(
            "submit",
            requests=self.settings.requests,
            benchmark=self.settings.title or (entry.benchmark if entry else "") or "ORG/BENCH",
            per_day=self.desk.per_day if self.desk is not None else 0,
            on_hub=self.settings.on_hub,
            open=self.desk is not None,
            index=INDEX_FILE,
        )

    def answer(self, name: str, wish: object) -> str:
        """What a browser asked for, as HTML; whatever it asks."""
        if not isinstance(wish, str) or len(wish) > WISH_MAX:
            return render("told", error="That cannot be asked.")
        try:
            return self._answer(name, json.loads(wish))
        except (ValueError, TypeError, AttributeError, KeyError, ArithmeticError, RecursionError):
            return render("told", error="That cannot be asked.")
        except OSError as error:
            return render("told", error=f"It cannot be read now: {texts.shown(error, 160)}")

    def _answer(self, name: str, wish: Any) -> str:
        if name == "plots":
            return plots_html(self.board(), [str(key) for key in list(wish)])
        if name == "compare":
            return compared_html(self.board(), str(wish["a"]), str(wish["b"]))
        if self.bench is None:
            raise ValueError("no benchmark")
        if name == "question":
            return item_html(self.bench, self.board(), str(wish))
        page = min(int(wish.get("page") or 0), PAGES_MAX)
        return list_html(self.bench, str(wish.get("task", "")), str(wish.get("text", "")), page)

    def _facts(self, board: Board) -> Facts:
        entries = sorted(board.rows.values(), key=lambda entry: entry.scored_at or "")
        newest = entries[-1] if entries else None
        items = board.items.get(newest.sha256, {}) if newest else {}
        return Facts(
            benchmark=self.settings.title or (newest.benchmark if newest else "") or "",
            revision=(newest.benchmark_revision if newest else "") or "",
            questions=len({item for scores in items.values() for item in scores}),
            movies=len({family for scores in items.values() for family, _ in scores.values()}),
            as_of=self._as_of,
            notes=[self._note] if self._note else [],
        )
