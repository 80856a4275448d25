"""Films decoded in processes of their own: several at once, kept, resumed, and none takes the others down."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from moviellm.generation.imports.films import spool as spooling
from moviellm.generation.imports.films import workers
from moviellm.generation.imports.films.quarantine import CRASHED, TOO_LONG, Refused
from moviellm.generation.imports.films.spool import (
    FilmRecord,
    FilmSettings,
    kept_film,
    read_packed,
    spool_film,
)
from moviellm.generation.imports.films.workers import NOT_READ, read_films, stated_lengths
from tests.generation.imports.films.filmkit import make_film

TWO = [("red", 1.5), ("blue", 1.5)]
SETTINGS = FilmSettings(fps=2.0)


def spool(path: Path, folder: Path, settings: FilmSettings = SETTINGS) -> FilmRecord:
    return spool_film(path, settings, folder, lambda film_s: None)


def test_pictures_are_packed_and_read_again(tmp_path: Path) -> None:
    record = spool(make_film(tmp_path / "a.mp4", TWO), tmp_path / "kept")
    assert [one.start_s for one in record.stretches] == [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]
    pictures = [read_packed(tmp_path / "kept", record.key, one.offset, one.length) for one in record.stretches]
    assert all(data.startswith(b"\xff\xd8") for data in pictures)
    assert pictures[0] != pictures[-1]


def test_a_film_that_was_decoded_is_not_decoded_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_film(tmp_path / "a.mp4", TWO)
    first = spool(path, tmp_path / "kept")
    monkeypatch.setattr(spooling, "open_film", None)
    renamed = path.rename(tmp_path / "b.mp4")
    assert spool(renamed, tmp_path / "kept") == first.model_copy(update={"name": "b.mp4"})


def test_other_settings_or_a_damaged_pack_are_decoded(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.mp4", TWO)
    first = spool(path, tmp_path / "kept")
    other = spool(path, tmp_path / "kept", FilmSettings(fps=1.0))
    assert other.key != first.key
    (tmp_path / "kept" / f"{first.key}.pack").write_bytes(b"short")
    assert kept_film(tmp_path / "kept", first.key) is None
    assert spool(path, tmp_path / "kept") == first


def test_films_are_read_side_by_side_and_come_in_order(tmp_path: Path) -> None:
    film = make_film(tmp_path / "red.mp4", [("red", 2.0)])
    (tmp_path / "not.mp4").write_text("no film", encoding="utf-8")
    done_s: list[float] = []
    got = read_films([tmp_path / "not.mp4", film], SETTINGS, tmp_path / "kept", time_limit_s=60, advance=done_s.append)
    assert [one.name if isinstance(one, FilmRecord) else one.kind for one in got] == [NOT_READ, "red.mp4"]
    assert sum(done_s) == pytest.approx(2.0)


def fake_worker(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    monkeypatch.setattr(workers, "COMMAND", [sys.executable, "-c", code])


def test_a_film_that_hangs_is_given_up_and_not_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_film(tmp_path / "a.mp4", [("red", 0.2)])
    fake_worker(monkeypatch, "import time; time.sleep(60)")
    begin = time.monotonic()
    (got,) = read_films([path], SETTINGS, tmp_path / "kept", time_limit_s=0.3)
    assert time.monotonic() - begin < 20
    assert isinstance(got, Refused)
    assert got.kind == TOO_LONG
    fake_worker(monkeypatch, "raise SystemExit('it was opened again')")
    (again,) = read_films([path], SETTINGS, tmp_path / "kept", time_limit_s=0.3)
    assert isinstance(again, Refused)
    assert again.reason.endswith("(known from the last try)")


def test_a_film_that_changed_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_film(tmp_path / "a.mp4", [("red", 0.2)])
    fake_worker(monkeypatch, "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    (got,) = read_films([path], SETTINGS, tmp_path / "kept", time_limit_s=60)
    assert isinstance(got, Refused)
    assert got.kind == CRASHED
    assert "SIGSEGV" in got.reason
    make_film(path, [("red", 0.3)])
    fake_worker(monkeypatch, 'print(\'{"refused": "opened again"}\')')
    (again,) = read_films([path], SETTINGS, tmp_path / "kept", time_limit_s=60)
    assert isinstance(again, Refused)
    assert again.reason == "opened again"


def test_lengths_of_films_are_those_they_state(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "not.mp4").write_text("no film", encoding="utf-8")
    workers._say_lengths([str(make_film(tmp_path / "a.mp4", TWO)), str(tmp_path / "not.mp4")])
    assert capsys.readouterr().out.split() == ["3.0", "0.0"]


def test_a_film_that_hangs_while_its_length_is_asked_is_as_one_of_unknown_length(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "PROBE_S", -1.0)
    fake_worker(monkeypatch, "import time; print(7.5, flush=True); time.sleep(60)")
    assert stated_lengths([tmp_path / "a", tmp_path / "b"]) == [7.5, 0.0]


def test_a_worker_whose_reader_is_gone_ends(tmp_path: Path) -> None:
    """An import that is killed leaves no decoder behind: its next word finds nobody."""
    path = make_film(tmp_path / "a.mp4", [("red", 4.0)])
    request = workers._request(path, SETTINGS, tmp_path / "kept", threads=1)
    process = subprocess.Popen(
        workers.COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdout.close()
    process.stdin.write(request)
    process.stdin.close()
    assert process.wait(timeout=60) != 0
    assert list((tmp_path / "kept").glob("*.json")) == []


def test_a_full_disk_is_said_plainly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_film(tmp_path / "a.mp4", TWO)

    def full(handle: int) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(spooling.os, "fsync", full)
    with pytest.raises(ValueError, match="no space left while writing"):
        spool(path, tmp_path / "kept")
    assert list((tmp_path / "kept").glob("*.json")) == []


def test_a_full_disk_ends_the_import_and_blames_no_film(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_film(tmp_path / "a.mp4", [("red", 0.2)])
    fake_worker(monkeypatch, 'print(\'{"stopped": "no space left while writing"}\')')
    with pytest.raises(ValueError, match="no space left"):
        read_films([path], SETTINGS, tmp_path / "kept", time_limit_s=60)


def test_what_a_worker_hands_over_is_small(tmp_path: Path) -> None:
    head = spool(
        make_film(tmp_path / "a.mp4", TWO, lines=[(0.1, 0.2, "a"), (0.3, 0.4, "b")]), tmp_path / "kept"
    ).head()
    assert (head.stretches, len(head.cues)) == ((), 1)


def test_stopping_an_import_stops_its_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_film(tmp_path / "a.mp4", [("red", 0.2)])
    pid_file = tmp_path / "pid"
    fake_worker(
        monkeypatch,
        f"import os, time; open({str(pid_file)!r}, 'w').write(str(os.getpid())); "
        "print('{\"film_s\": 1.0}', flush=True); time.sleep(60)",
    )

    def interrupt(film_s: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_films([path], SETTINGS, tmp_path / "kept", time_limit_s=60, advance=interrupt)
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), signal.SIGCONT)
