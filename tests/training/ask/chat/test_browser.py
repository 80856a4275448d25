"""The page in a real browser, without Gradio: times lead into the film, the strip shows them, texts are texts."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from moviellm.training.ask.chat.pages import Turn, asset, film_html, talk_html
from moviellm.training.ask.chat.showing import show
from moviellm.training.ask.spans import find_spans
from moviellm.training.media import Line
from tests.browser import Browser, open_browser
from tests.training.ask.kit import film

pytestmark = pytest.mark.chromium

BAD = "</script><img src=x onerror=\"alert('bad')\"><script>alert('worse')</script>"
ANSWER = "Ada waits from 2.5 to 4.0 s, and goes at 0:06."


def page(folder: Path, width: int) -> Path:
    """What Gradio would put on its page."""
    shown = show(film(4, [Line(1.0, BAD, BAD)]), folder, "no such file", BAD)
    turns = [
        Turn(BAD, "at 1.0 s", find_spans("at 1.0 s", 8.0), is_done=True),
        Turn("When? " + "word" * 60, ANSWER + BAD, find_spans(ANSWER, 8.0), is_done=True),
    ]
    parts = film_html(shown, BAD, BAD).replace("gradio_api/file=", "file://"), talk_html(turns)
    (folder / "page.html").write_text(
        f'<!doctype html><meta name="viewport" content="width=device-width"><style>{asset("chat.css")}</style>'
        f"<script>{asset('chat.js')}</script><div class=gradio-container><main>{''.join(parts)}</main></div>",
        encoding="utf-8",
    )
    return folder / "page.html"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    folder = tmp_path_factory.mktemp("page")
    with open_browser(page(folder, 390), tmp_path_factory.mktemp("profile"), width=390, height=844) as opened:
        opened.wait("document.getElementById('ml-player').readyState >= 2")
        opened.wait("document.querySelectorAll('.ml-bar').length")
        yield opened


def test_the_strip_shows_the_times_of_the_last_answer(browser: Browser) -> None:
    bars = browser.ask(
        "[...document.querySelectorAll('.ml-bar')].map((bar) => [bar.style.left, bar.style.width, bar.title])"
    )
    assert bars == [["31.25%", "18.75%", "0:02 to 0:04"], ["75%", "", "0:06"]]
    lit = browser.ask("[...document.querySelectorAll('.ml-cell')].map((cell) => cell.classList.contains('ml-lit'))")
    assert lit == [False, True, False, True]


def test_a_click_on_a_time_leads_into_the_film_and_plays_that_stretch(browser: Browser) -> None:
    browser.ask("document.querySelectorAll('.ml-when')[1].click()")
    assert (
        browser.wait(
            "!document.getElementById('ml-player').seeking && document.getElementById('ml-player').currentTime"
        )
        >= 2.5
    )
    browser.wait(
        "document.getElementById('ml-player').paused && document.getElementById('ml-player').currentTime >= 4"
    )
    assert browser.ask("document.getElementById('ml-player').currentTime") < 5.5
    assert browser.wait("document.querySelector('.ml-now').textContent") in {"0:04", "0:05"}


def test_times_are_reached_and_pressed_by_keyboard(browser: Browser) -> None:
    browser.ask("document.querySelectorAll('.ml-when')[2].focus()")
    browser.press("Enter")
    assert browser.wait("document.getElementById('ml-player').currentTime === 6")
    assert browser.wait("document.querySelector('.ml-cell[aria-current]').dataset.start === '6.0'")


def test_a_narrow_screen_has_no_horizontal_scroll(browser: Browser) -> None:
    assert browser.ask("[document.documentElement.scrollWidth, window.innerWidth]") == [390, 390]


def test_hostile_words_run_nothing_and_ask_for_nothing(browser: Browser) -> None:
    assert browser.dialogs == []
    assert browser.ask("document.querySelector('h1').textContent") == BAD
    assert browser.ask("document.querySelectorAll('img:not(.ml-cell img)').length") == 0
    assert [url for url in browser.asked_for if not url.startswith(("file:", "data:"))] == []
