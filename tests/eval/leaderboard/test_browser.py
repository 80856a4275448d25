"""The page in a real browser, without Gradio: sorted, filtered, opened, on a phone; hostile texts do nothing."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from moviellm.eval.leaderboard.bench import Bench
from moviellm.eval.leaderboard.places import FolderPlace
from moviellm.eval.leaderboard.room import Room, Settings
from tests.browser import Browser, open_browser
from tests.eval.leaderboard.kit import HOSTILE, make_results, static_page

pytestmark = pytest.mark.chromium
NAMES = "[...document.querySelectorAll('.lb-row:not([hidden])')].map((row) => row.dataset.name)"
READY = "window.asked && document.querySelector('.lb-count')?.textContent"
MOST_S = 120.0


@pytest.fixture(scope="module")
def browser(films: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    folder = tmp_path_factory.mktemp("page")
    room = Room(
        FolderPlace(make_results(folder)), bench=Bench(str(films)), desk=None, settings=Settings(title=HOSTILE)
    )
    parts = {"board": room.board_html(), "compare": room.compare_html(), "items": room.items_html()}
    answers = {
        "question": room.answer("question", json.dumps("m00000-q000")),
        "plots": room.answer("plots", json.dumps([list(room.board().rows)[-1]])),
    }
    page = static_page(folder / "page.html", parts, answers)
    with open_browser(page, tmp_path_factory.mktemp("profile"), width=390, height=844) as opened:
        opened.wait(READY, MOST_S)
        yield opened


def choose(browser: Browser, name: str, value: str) -> None:
    field = f"document.querySelector('#board [name={name}]')"
    browser.ask(f"{field}.value = {json.dumps(value)}")
    kind = "input" if name == "text" else "change"
    browser.ask(f"{field}.dispatchEvent(new Event('{kind}', {{bubbles: true}}))")


def test_a_phone_has_no_horizontal_scroll(browser: Browser) -> None:
    assert browser.ask("[document.documentElement.scrollWidth, window.innerWidth]") == [390, 390]
    browser.ask("document.querySelector('.lb-name').click()")
    assert browser.ask("document.querySelector('.lb-more').hidden") is False
    assert browser.ask("[document.documentElement.scrollWidth, window.innerWidth]") == [390, 390]
    browser.ask("document.querySelector('.lb-name').click()")


def test_rows_are_sorted_by_what_is_chosen_and_the_rank_is_of_that(browser: Browser) -> None:
    choose(browser, "sort", "1")
    values = browser.ask(
        "[...document.querySelectorAll('.lb-row:not([data-key=oracle]) .lb-num[data-col=\"1\"]')]"
        ".map((cell) => +cell.dataset.value)"
    )
    assert values == sorted(values, reverse=True)
    assert browser.ask(
        "[...new Set([...document.querySelectorAll('[data-rank]:not([hidden])')].map((one) => one.dataset.rank))]"
    ) == ["1"]
    choose(browser, "sort", "name")
    names = [name.lower() for name in browser.ask(NAMES)]
    assert names[1:-1] == sorted(names[1:-1]) and names[-1] == "oracle"
    browser.ask("document.querySelector('th[data-col=\"0\"] button').click()")
    browser.ask("document.querySelector('th[data-col=\"0\"] button').click()")
    values = browser.ask(
        "[...document.querySelectorAll('.lb-num[data-col=\"0\"]')].map((cell) => +cell.dataset.value)"
    )
    assert values[:-1] == sorted(values[:-1])
    assert browser.ask("document.querySelector('th[data-col=\"0\"]').getAttribute('aria-sort')") == "ascending"
    choose(browser, "sort", "0")


@pytest.mark.parametrize(
    ("name", "value", "left"),
    [
        ("text", "KESTREL", {"Kestrel 32B", "Kestrel 8B"}),
        ("text", "longreel/agent", {"Longreel agent"}),
        ("track", "api", {"Halcyon"}),
        ("size", "over 40B", {"Plover 72B"}),
        ("subtitles", "asr", {"Longreel agent"}),
    ],
)
def test_rows_are_filtered(browser: Browser, name: str, value: str, left: set[str]) -> None:
    before = browser.ask(f"document.querySelector('#board [name={name}]').value")
    browser.ask("document.querySelector('#board [name=baselines]').click()")
    choose(browser, name, value)
    assert set(browser.ask(NAMES)) == left
    assert browser.ask("document.querySelector('.lb-count').textContent") == f"{len(left)} of 14 rows"
    choose(browser, name, before)
    browser.ask("document.querySelector('#board [name=baselines]').click()")
    assert len(browser.ask(NAMES)) == 14


def test_rows_that_saw_the_inputs_can_be_left_out(browser: Browser) -> None:
    browser.ask("document.querySelector('#board [name=seen]').click()")
    assert "Plover 72B" not in browser.ask(NAMES)
    browser.ask("document.querySelector('#board [name=seen]').click()")


def test_a_fifth_row_takes_the_place_of_one_that_is_drawn(browser: Browser) -> None:
    for place in (5, 6):
        browser.ask(f"document.querySelectorAll('.lb-pick input')[{place}].click()")
    picked = browser.ask("[...document.querySelectorAll('.lb-pick input:checked')].length")
    assert picked == 4
    asked = browser.ask("window.asked.filter(([name]) => name === 'plots')")
    assert len(asked[-1][1]) == 4
    browser.wait("document.querySelectorAll('[data-into=plots] svg').length === 2", MOST_S)


def test_two_rows_are_asked_about_and_swapped(browser: Browser) -> None:
    before = browser.ask("[...document.querySelectorAll('.lb-two select')].map((one) => one.value)")
    browser.ask("document.querySelector('.lb-swap').click()")
    asked = browser.ask("window.asked.filter(([name]) => name === 'compare')")
    assert asked[-1][1] == {"a": before[1], "b": before[0]}


def test_a_question_opens_with_its_frames(browser: Browser) -> None:
    browser.ask("document.querySelector('[data-item]').click()")
    browser.wait("document.querySelectorAll('.lb-frames img').length === 4", MOST_S)
    assert browser.wait("document.querySelector('.lb-frames img').naturalWidth > 0", MOST_S)
    assert browser.ask("document.activeElement.tagName") == "H2"
    assert browser.ask("[document.documentElement.scrollWidth, window.innerWidth]") == [390, 390]


def test_hostile_texts_run_nothing_and_ask_for_nothing(browser: Browser) -> None:
    assert browser.dialogs == []
    assert "onerror" in browser.ask("document.querySelector('h1').textContent")
    assert browser.ask("document.querySelectorAll('.part script, .part img:not(.lb-frames img)').length") == 0
    assert [url for url in browser.asked_for if not url.startswith(("file:", "data:"))] == []
