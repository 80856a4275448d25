"""The table: numbers as they were written, baselines marked, files that are broken left out, every text a text."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from moviellm.eval.leaderboard.board import Board
from moviellm.eval.leaderboard.ranks import standings_of
from moviellm.eval.leaderboard.table import Facts, board_html, plots_html, size_of
from tests.eval.leaderboard.kit import HOSTILE, ROWS, add_row, board_of, make_results, sha_of, write

HOSTILE_KEY = sha_of(90)


class Tags(HTMLParser):
    """Tags, attributes and texts of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.names: set[str] = set()
        self.links: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.names |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Board:
    return board_of(make_results(tmp_path_factory.mktemp("results")))


@pytest.fixture(scope="module")
def page(board: Board) -> str:
    return board_html(board, standings_of(board), Facts(benchmark=HOSTILE, revision="0123456789", notes=[HOSTILE]))


def test_a_row_shows_its_numbers_with_their_intervals(board: Board, page: str) -> None:
    number = board.rows[sha_of(1)].number("qa_mc")
    assert number is not None and number.low is not None and number.high is not None
    assert f"<b>{number.value:.3f}</b>" in page
    assert f"[{number.low:.3f}, {number.high:.3f}]" in page
    assert f'title="{number.value:g} [{number.low:.6f}, {number.high:.6f}]"' in page


def test_every_row_and_baseline_is_there_and_baselines_are_marked(page: str) -> None:
    rows = re.findall(r'<tr class="lb-row( lb-base)?"[^>]*data-name="([^"]*)"', page)
    assert {name for mark, name in rows if mark} == {
        "random",
        "question-only",
        "dialogue-only",
        "single-frame",
        "oracle",
    }
    assert {name for mark, name in rows if not mark} >= {row[0] for row in ROWS}


def test_a_baseline_has_no_rank_and_a_row_that_saw_the_inputs_neither(page: str) -> None:
    for name in ("random", "Plover 72B"):
        row = page.partition(f'data-name="{name}"')[2].partition("</tr>")[0]
        assert re.findall(r'data-rank="\d+"[^>]*>([^<]*)<', row) == ["–"] * 5
    assert page.count("has seen the test&#39;s inputs: not ranked") == 1


def test_hostile_texts_make_no_tag_no_attribute_and_no_link(page: str) -> None:
    tags = Tags(page)
    assert not {"script", "img", "iframe", "object", "embed", "base", "meta", "link"} & set(tags.tags)
    assert not [name for name in tags.names if name.startswith("on") and name != "onsubmit"]
    assert all(link.startswith("https://huggingface.co/") for link in tags.links)
    assert "\u202e" not in page and "⟨U+202E⟩" in page
    assert page.count("onsubmit") == 1


def test_hostile_names_are_text_in_plots_with_their_titles(board: Board) -> None:
    plots = plots_html(board, [HOSTILE_KEY, sha_of(1)])
    tags = Tags(plots)
    assert not {"script", "img"} & set(tags.tags)
    assert tags.tags.count("svg") == tags.tags.count("title") == 2
    assert "&lt;img" in plots and "\u202e" not in plots


def test_a_broken_file_costs_its_own_row_only(tmp_path: Path) -> None:
    add_row(tmp_path, 1, 0.5)
    for number, text in enumerate(
        ["{", "[]", '{"tasks": 3}', '{"tasks": {"qa_mc": {"metrics": {"accuracy": {"value": NaN}}}}}']
    ):
        path = tmp_path / "results" / sha_of(10 + number) / "entry.json"
        path.parent.mkdir()
        path.write_text(text)
    write(tmp_path / "results" / sha_of(20) / "entry.json", {"display_name": "no numbers"})
    (tmp_path / "results" / sha_of(1) / "items.jsonl").write_text('{"item_id": 1}\n')
    board = board_of(tmp_path)
    assert list(board.rows) == [sha_of(1)]
    assert board.items[sha_of(1)] == {}
    assert len(board.unread) == 5
    assert "5 files could not be read" in board_html(board, standings_of(board), Facts())


def test_nothing_scored_yet_is_said(tmp_path: Path) -> None:
    board = board_of(tmp_path)
    assert "Nothing has been scored yet" in board_html(board, standings_of(board), Facts())


def test_a_judgement_that_is_not_valid_is_marked(tmp_path: Path) -> None:
    judged = {"judged_accuracy@j/rubric-3": {"qa_open": {"metrics": {"judged_accuracy": {"value": 0.5, "n": 9}}}}}
    add_row(tmp_path, 1, 0.5, judged=judged, judgements={"judged_accuracy@j/rubric-3": {"valid": False}})
    board = board_of(tmp_path)
    assert "judged_accuracy@j/rubric-3 (not valid: too much is unscored)" in board_html(
        board, standings_of(board), Facts()
    )


def test_numbers_are_those_of_the_entry_to_the_last_digit(board: Board, page: str) -> None:
    for sha256, entry in board.rows.items():
        told = json.loads((board.look.read(f"results/{sha256}/entry.json") if board.look else b"") or b"{}")
        value = told["tasks"]["grounding"]["metrics"]["miou"]["value"]
        assert entry.number("grounding") and f'title="{value:g} [' in page


@pytest.mark.parametrize(
    ("size", "name"), [(4.0, "up to 4B"), (4.1, "4 to 10B"), (40, "10 to 40B"), (700, "over 40B"), (None, "")]
)
def test_sizes_fall_under_one_filter(size: float | None, name: str) -> None:
    assert size_of(size) == name
