"""The page whole: Gradio on loopback and headless Chromium; and the pushed Space in an environment of its own.

Slow. A bundle is handed in, scored by the worker, and stands in the table; the Space starts from what it requires.
"""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from moviellm.eval.leaderboard.pushing import Wish, write_space
from moviellm.eval.submissions.index import INDEX_FILE, index_of
from tests.browser import Browser, open_browser
from tests.environments import fresh_python
from tests.eval.leaderboard.kit import BENCHMARK, REVISION, make_results
from tests.eval.submissions.kit import DECLARED, write_zip

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[3]
EDGES = "(one) => { const at = one.getBoundingClientRect(); return [at.left, window.innerWidth - at.right] }"
MOST_S = 400.0
"""Longest wait for a page on a machine that is busy with other tests."""


@contextmanager
def running(command: list[str], folder: Path, **more: str) -> Iterator[str]:
    """A server on a port that it finds free; its address once it says it."""
    quiet = {
        **os.environ,
        "GRADIO_ANALYTICS_ENABLED": "False",
        "OMP_NUM_THREADS": "1",
        "PYTHONUNBUFFERED": "1",
        **more,
    }
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=quiet, cwd=folder)
        try:
            end = time.monotonic() + MOST_S
            while not (found := re.search(r"http://127\.0\.0\.1:\d+", (folder / "log").read_text())):
                assert process.poll() is None and time.monotonic() < end, (folder / "log").read_text()
                time.sleep(0.3)
            yield found[0]
        finally:
            process.terminate()
            process.wait(timeout=MOST_S)


def bundle_of(films: Path, folder: Path) -> tuple[Path, Path]:
    """A bundle for the six movies, in which every choice is A, and the index."""
    index = index_of(films, benchmark=BENCHMARK, revision=REVISION)
    (folder / INDEX_FILE).write_text(index.text())
    rows: dict[str, list[dict[str, object]]] = {
        task: [{"id": item, **blank} for item in index.tasks[task]]  # type: ignore[index]
        for task, blank in {
            "qa_mc": {"choice": "A"},
            "qa_open": {"answer": "Ada"},
            "movie_answers": {"answer": "Ada"},
            "grounding": {"span": [4.0, 8.0]},
            "dense_captioning": {"events": []},
        }.items()
        if task in index.tasks
    }
    content = {
        f"predictions/{task}.jsonl": "".join(json.dumps(row) + "\n" for row in mine) for task, mine in rows.items()
    }
    content["submission.yaml"] = DECLARED.replace("example-org/moviellm-bench", BENCHMARK)
    return write_zip(
        folder / "mine.zip", [(name, text.encode()) for name, text in content.items()]
    ), folder / INDEX_FILE


@pytest.mark.chromium
def test_a_bundle_is_handed_in_scored_and_stands_in_the_table(films: Path, tmp_path: Path) -> None:
    queue, results = tmp_path / "queue", make_results(tmp_path / "results")
    queue.mkdir()
    bundle, index = bundle_of(films, queue)
    command = [sys.executable, "-m", "moviellm.generation.cli", "leaderboard", str(results), "--requests", str(queue)]
    command += ["--bench", str(films)]
    with (
        running(command, tmp_path) as address,
        open_browser(address, tmp_path / "one", width=390, height=844) as page,
    ):
        page.wait("document.querySelectorAll('.lb-row').length === 14", MOST_S)
        assert page.ask("[document.documentElement.scrollWidth, window.innerWidth]") == [390, 390]
        left, right = page.ask(f"(({EDGES})(document.querySelector('.lb-board')))")
        assert left == pytest.approx(right, abs=2) and 0 < left < 60, "nothing is cut off at the right"
        _open(page, "Submit")
        page.wait("document.querySelector('#lb-who input, #lb-who textarea')", MOST_S)
        page.ask("document.querySelector('#lb-who input, #lb-who textarea').focus()")
        page.write("ada")
        page.give_file("#lb-bundle input[type=file]", bundle)
        page.wait("document.querySelector('#lb-bundle').innerText.includes('mine')", MOST_S)
        page.ask("document.querySelector('#lb-send').click()")
        said = page.wait("document.querySelector('#lb-outcome .lb-outcome')?.innerText", MOST_S)
        assert "Accepted" in said and "Sent." in said
        assert "waiting" in page.wait("document.querySelector('#lb-mine .lb-sent')?.innerText", MOST_S)
        assert page.ask("[document.documentElement.scrollWidth, window.innerWidth]") == [390, 390]
        work = [sys.executable, "-m", "moviellm.generation.cli", "leaderboard", "score", "--requests", str(queue)]
        work += [
            "--results",
            str(results),
            "--labels",
            str(films),
            "--index",
            str(index),
            "--work",
            str(tmp_path / "work"),
        ]
        subprocess.run(work, check=True, capture_output=True, timeout=MOST_S)
        page.ask("document.querySelector('#lb-again').click()")
        page.wait("document.querySelector('.lb-state-scored')", MOST_S)
        _open(page, "Questions")
        page.wait("document.querySelector('[data-item]')", MOST_S)
        page.ask("document.querySelector('[data-item]').click()")
        page.wait("document.querySelectorAll('.lb-frames img').length", MOST_S)
        assert page.dialogs == []
        foreign = [url for url in page.asked_for if not url.startswith((address, "data:", "blob:"))]
        assert foreign == []
        page.ask("location.reload()")
        page.wait("document.querySelectorAll('.lb-row').length === 15", MOST_S)
        assert "MovieLLM 7B (64 frames)" in page.ask("document.querySelector('.lb-table').innerText")


def _open(page: Browser, tab: str) -> None:
    button = f"[...document.querySelectorAll('button[role=tab]')].find((one) => one.innerText.trim() === '{tab}')"
    page.wait(button, MOST_S)  # Gradio measures its tabs, and draws them, after their contents
    page.ask(f"{button}.click()")


def test_the_space_starts_where_only_its_requirements_are_installed(films: Path, tmp_path: Path) -> None:
    """With folders in the place of datasets, for there is no Hub."""
    space, results, queue = tmp_path / "space", make_results(tmp_path / "results"), tmp_path / "queue"
    queue.mkdir()
    bundle, _ = bundle_of(films, queue)
    write_space(space, Wish(results="org/results", requests="org/requests", bench="org/bench"))
    told = {"results": str(results), "requests": str(queue), "bench": str(films), "per_day": 1}
    (space / "leaderboard.json").write_text(json.dumps(told))
    python = str(fresh_python(tmp_path / "venv", "-r", space / "requirements.txt", cwd=space))
    foreign = subprocess.run([python, "-c", "import moviellm"], capture_output=True, cwd=tmp_path)
    assert foreign.returncode != 0, "nothing of ours is installed there"
    with running([python, "app.py"], space, PYTHONPATH="") as address:
        with urllib.request.urlopen(address, timeout=MOST_S) as answer:
            assert b"leaderboard" in answer.read()
        code = (
            "from pathlib import Path; from moviellm.eval.leaderboard.space import wish_of\n"
            "from moviellm.eval.leaderboard.showing import room_of\n"
            "room = room_of(wish_of(Path('.')))\n"
            f"print(room.desk.hand_in(Path({str(bundle)!r}), 'ada'))\n"
            "pages = room.board_html().count('lb-row'), room.compare_html().count('<article'), room.items_html()\n"
            "print(*pages[:2], pages[2].count('data-item='))\n"
        )
        (space / "look.py").write_text(code, encoding="utf-8")
        done = subprocess.run([python, "look.py"], capture_output=True, text=True, cwd=space, timeout=MOST_S)
        assert "Sent." in done.stdout, done.stdout + done.stderr
        assert done.stdout.splitlines()[-1].split()[1:] == ["4", "20"]
