"""Films of this project's own making, given as a stranger's MP4 and SRT, become a benchmark; killed, it goes on."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from moviellm.generation.cli.app import call
from tests.eval.bench.films_kit import asked, films, films_json
from tests.servers.film_answers import FilmAnswers
from tests.servers.openai_double import Double, openai_double

pytestmark = pytest.mark.slow
COMMAND = [
    "bench", "build", "--subtitles", "--writer", "llm", "--model", "writer", "--fewest", "1", "--dev", "0.4",
    "--set", "questions.per_movie=5", "gates.models=[one, two]", "gates.vision=eyes", "gates.frames=4",
]  # fmt: skip


def started(double: Double, folder: Path, out: Path, *options: str) -> "subprocess.Popen[bytes]":
    """The verb in a process of its own."""
    environment = {**os.environ, "OPENAI_BASE_URL": double.base_url, "OPENAI_API_KEY": "none"}
    environment["SOURCE_DATE_EPOCH"] = "1767225600"  # when it was made is told in the rows
    command = [sys.executable, "-m", "moviellm.generation.cli", *COMMAND, "--films", str(folder), "--out", str(out)]
    return subprocess.Popen([*command, *options], env=environment)


def contents(folder: Path) -> dict[str, str]:
    """Every file of a folder, by hash."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_a_killed_build_pays_nothing_twice_and_comes_out_the_same(tmp_path: Path) -> None:
    folder = films(tmp_path / "films")
    with openai_double(answers=FilmAnswers(), latency_s=0.1) as whole:
        assert started(whole, folder, tmp_path / "whole", "--fps", "0.5").wait(300) == 0
    with openai_double(answers=FilmAnswers(), latency_s=0.1) as double:
        for many in (4, 40):
            process = started(double, folder, tmp_path / "killed", "--fps", "0.5")
            deadline = time.monotonic() + 120
            while len(double.billed) < many and process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.02)
            process.send_signal(signal.SIGKILL)
            assert process.wait(30) == -signal.SIGKILL
        assert started(double, folder, tmp_path / "killed", "--fps", "0.5").wait(300) == 0
        under_way = 2 * 16  # calls that two kills may have lost, at the recipe's concurrency
        assert len(double.billed) <= len(whole.billed) + under_way
        paid = sum(double.calls.values())
        assert started(double, folder, tmp_path / "killed", "--fps", "0.5").wait(300) == 0
        assert sum(double.calls.values()) == paid
    for part in ("public", "private"):
        assert contents(tmp_path / "killed" / part) == contents(tmp_path / "whole" / part)


def test_films_of_our_own_become_a_benchmark_as_strangers_would(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, folder, out = tmp_path / "run", tmp_path / "films", tmp_path / "bench"
    sizes = ["movies=3", "image.width_px=256", "image.height_px=144", "dataset.films=false"]
    assert call(["make", "--recipe", "tiny", "--out", str(run), "--films", "--set", *sizes]) == 0
    folder.mkdir()
    for number, name in enumerate(["The_Map", "violin", "Two.Sisters"]):
        for suffix in ("mp4", "srt"):
            shutil.copy(run / "films" / f"m{number:05d}.{suffix}", folder / f"{name}.{suffix}")
    with openai_double(answers=FilmAnswers()) as double:
        monkeypatch.setenv("OPENAI_BASE_URL", double.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "none")
        assert call([*COMMAND, "--films", str(folder), "--out", str(out)]) == 0
    movies = asked(out)
    assert len(movies) == 3 and all(len(movie.qa_pairs or ()) == 5 for movie in movies)
    assert all(movie.characters == () or movie.characters[0].appearance == "" for movie in movies)  # nothing of ours
    assert not any(movie.events or movie.synopsis for movie in movies)
    assert all(row["sound"] for row in films_json(out)["films"])
    assert call(["bench", "verify", str(out)]) == 0
