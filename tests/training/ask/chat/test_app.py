"""`moviellm chat` whole: Gradio on loopback, a tiny model that was taught two answers, headless Chromium.

Slow: where this Python has no Gradio, a virtual environment with it is made, which sees the packages of this one.
"""

import importlib.util
import os
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from moviellm.training.media import Line
from tests.browser import Browser, open_browser
from tests.training.ask.kit import film, taught
from tests.training.model.tiny import picture

pytestmark = [pytest.mark.slow, pytest.mark.chromium]

ROOT = Path(__file__).resolve().parents[4]
BAD = "<img src=x onerror=alert(1)><script>alert(2)</script>${alert(3)}{{value}}"
ANSWERS = {"when": "From 2.0 to 4.0 s.", "what is it ?": "<img src=x onerror=alert(4)>"}
ASK = "#ml-question textarea"
MOST_S = 180.0
"""Longest wait for a page on a machine that is busy with other tests."""
DONE = "document.querySelectorAll('.ml-answer:not(.ml-busy)').length"


class Server(NamedTuple):
    """A running chat."""

    address: str
    log: Path
    folder: Path


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A Python with Gradio."""
    if importlib.util.find_spec("gradio") is not None:
        return sys.executable
    venv = tmp_path_factory.mktemp("gradio")
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    pinned = next(line for line in (ROOT / "constraints.txt").read_text().splitlines() if line.startswith("gradio=="))
    subprocess.run([venv / "bin/python", "-m", "pip", "install", "-q", pinned], check=True)
    (site,) = venv.glob("lib/python*/site-packages")
    (site / "zz_parent.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    return str(venv / "bin/python")


@pytest.fixture(scope="module")
def server(python: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A chat about a film of four pictures whose name and words are hostile."""
    folder = tmp_path_factory.mktemp("chat")
    pictures = folder / BAD.replace("/", "")
    pictures.mkdir()
    for number, colour in enumerate(["red", "green", "blue", "white"]):
        picture(colour, 160, 90).save(pictures / f"{number}.png")
    (pictures / "times.json").write_text("[0, 2, 4, 6]")
    (folder / "said.vtt").write_text("WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ada>who is it ?\n")
    from moviellm.training.media import read_film

    model = taught(folder / "model", read_film(pictures, subtitles=folder / "said.vtt"), ANSWERS)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "tmp").mkdir()
    command = [python, "-m", "moviellm.generation.cli", "chat", str(model), str(pictures), "--port", str(port)]
    command += ["--subtitles", str(folder / "said.vtt"), "--max-new-tokens", "80"]
    quiet = {**os.environ, "GRADIO_ANALYTICS_ENABLED": "False", "TMPDIR": str(folder / "tmp"), "OMP_NUM_THREADS": "1"}
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=quiet, cwd=folder)
        try:
            _wait_for(port, process, folder / "log")
            yield Server(f"http://127.0.0.1:{port}", folder / "log", folder)
        finally:
            process.terminate()
            process.wait(timeout=MOST_S)
            assert list((folder / "tmp").glob("moviellm-chat-*")) == [], "uploads and storyboards stayed behind"


def _wait_for(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(1500):
        assert process.poll() is None, log.read_text()
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise AssertionError(log.read_text())


@pytest.fixture
def browser(server: Server, tmp_path: Path) -> Iterator[Browser]:
    with open_browser(server.address, tmp_path, width=390, height=844) as opened:
        opened.wait("document.querySelector('.ml-cell')", MOST_S)
        yield opened


def ask(browser: Browser, question: str) -> None:
    browser.wait("[...document.querySelectorAll('button')].some((one) => one.innerText.trim() === 'Ask')", MOST_S)
    browser.ask(f"document.querySelector('{ASK}').focus()")
    browser.write(question)
    browser.press("Enter")


def test_an_answer_with_a_span_leads_into_the_film(browser: Browser) -> None:
    ask(browser, "when")
    assert browser.wait("document.querySelector('.ml-when').textContent", MOST_S) == "From 2.0 to 4.0 s"
    assert browser.wait("document.querySelector('.ml-bar').style.left") == "25%"
    assert browser.ask("document.getElementById('ml-player').currentTime") == 0
    browser.ask("document.querySelector('.ml-when').click()")
    assert 2 <= browser.wait("document.getElementById('ml-player').currentTime") < 6
    assert browser.wait(f"document.querySelector('{ASK}').value === ''")
    assert browser.ask("[document.documentElement.scrollWidth, window.innerWidth]") == [390, 390]


def test_hostile_names_questions_and_answers_run_nothing(browser: Browser, server: Server) -> None:
    ask(browser, "what is it ?")
    browser.wait(f"{DONE} === 1", MOST_S)
    ask(browser, BAD)
    browser.wait(f"{DONE} === 2", MOST_S)
    assert browser.ask("document.querySelectorAll('.ml-answer p')[0].textContent") == ANSWERS["what is it ?"]
    assert browser.ask("document.querySelectorAll('.ml-asked p')[1].textContent") == BAD
    assert browser.ask("document.querySelector('h1').textContent") == BAD.replace("/", "")
    assert browser.dialogs == []
    foreign = [url for url in browser.asked_for if not url.startswith((server.address, "data:", "blob:"))]
    assert foreign == []


def test_an_upload_takes_the_place_of_the_film_and_what_is_no_film_is_refused_in_words(
    browser: Browser, server: Server
) -> None:
    from moviellm.training.ask.chat.showing import write_storyboard

    (server.folder / "broken.mp4").write_bytes(b"no film at all")
    browser.give_file("#ml-left input[type=file]", server.folder / "broken.mp4")
    assert browser.wait("document.querySelector('.ml-error').textContent", MOST_S).startswith("broken.mp4 is no video")
    write_storyboard(film(3, [Line(0.0, "a")]), server.folder / "other.mp4")
    browser.give_file("#ml-left input[type=file]", server.folder / "other.mp4")
    browser.wait("document.querySelector('h1').textContent === 'other'", MOST_S)
    assert browser.wait("Math.round(document.getElementById('ml-player').duration)") == 6
    assert "Traceback" not in browser.ask("document.body.innerText")


def test_a_new_conversation_begins_empty(browser: Browser) -> None:
    ask(browser, "when")
    browser.wait(f"{DONE} === 1", MOST_S)
    browser.ask("document.querySelector('#ml-again').click()")
    assert browser.wait("document.querySelector('.ml-greeting')")
    assert browser.ask(DONE) == 0
