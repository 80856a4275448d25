"""Film files: decoded in a process that can be killed, with their subtitles, and a list of those that hang."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from moviellm.generation.film.mp4 import write_film
from moviellm.training.media import Film, FramePolicy, read_film
from moviellm.training.media import files as media_files
from moviellm.training.media.decoding import decode
from moviellm.training.media.film import Line
from tests.factories import make_image, make_movie
from tests.generation.imports.films.filmkit import make_film, name_of
from tests.training.media.test_seeking import damage


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Films are decoded in this process: the same code, without the second that another process takes to start."""

    def run(path: Path, policy: FramePolicy, skip: int, file: Any, time_limit_s: float) -> dict[str, Any]:
        return decode(path, policy, skip, file.fileno())

    monkeypatch.setattr(media_files, "_run", run)


SRT = "1\n00:00:01,000 --> 00:00:02,000\nADA: Who is there?\n\n2\n00:00:03,000 --> 00:00:04,000\nNobody: no.\n"


def read(path: Path, policy: FramePolicy = FramePolicy(), **options: object) -> Film:  # noqa: B008 frozen
    return read_film(path, policy, quarantine=path.parent / "quarantine.json", **options)  # type: ignore[arg-type]


def colours(film: Film) -> list[str]:
    import numpy as np

    assert film.frames is not None
    return [name_of(np.asarray(frame)) for frame in film.frames]


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> Path:
    shots = [(name, 1.0) for name in ("red", "green", "blue", "yellow")]
    return make_film(tmp_path_factory.mktemp("films") / "four.mp4", shots, lines=[(0.5, 1.5, "Who is it?")])


def test_a_file_is_a_film_with_times_length_and_the_hash_of_its_bytes(four: Path) -> None:
    import hashlib

    film = read(four)
    assert (film.movie_id, film.times_s, film.duration_s) == ("four", [0.0, 1.0, 2.0, 3.0], 4.0)
    assert colours(film) == ["red", "green", "blue", "yellow"]
    assert film.content_key == hashlib.sha256(four.read_bytes()).hexdigest()
    assert film.dialogue == (Line(0.5, "Who is it?"),), "its own track is its dialogue"


@pytest.mark.usefixtures("here")
def test_frames_of_a_file_keep_a_bound_on_pixels(four: Path) -> None:
    film = read(four, FramePolicy(pixels=48))
    assert film.frames is not None
    assert {frame.width * frame.height <= 48 for frame in film.frames} == {True}
    assert colours(film) == ["red", "green", "blue", "yellow"]


@pytest.mark.usefixtures("here")
def test_a_stretch_counts_from_its_start_and_takes_subtitles_from_beside_it(four: Path, tmp_path: Path) -> None:
    path = tmp_path / "four.mp4"
    path.write_bytes(four.read_bytes())
    (tmp_path / "four.en.srt").write_text(SRT, encoding="utf-8")
    film = read(path, FramePolicy(n=2, start_s=2.0))
    assert (film.times_s, film.duration_s, colours(film)) == ([0.5, 1.5], 2.0, ["blue", "yellow"])
    assert film.dialogue == (Line(1.0, "Nobody: no."),)
    (tmp_path / "given.srt").write_text(SRT, encoding="utf-8")
    assert read(path, subtitles=tmp_path / "given.srt").dialogue[0] == Line(1.0, "Who is there?", "ADA")


@pytest.mark.usefixtures("here")
def test_our_own_film_shows_its_keyframes_at_their_times_and_says_its_lines(tmp_path: Path) -> None:
    movie = make_movie(0)
    files = write_film(movie, [(k, make_image(k.keyframe_id)) for k in movie.keyframes()], tmp_path)
    film = read(files.mp4, FramePolicy(fps=0.25))
    assert film.times_s == [k.span.start_s for k in movie.keyframes()] and film.duration_s == movie.duration_s
    assert [line.start_s for line in film.dialogue] == [line.span.start_s for line in movie.dialogue()]
    assert {line.speaker for line in film.dialogue} == {"Ada"}


def test_a_film_that_hangs_is_killed_named_and_not_opened_again(
    four: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "hangs.mp4"
    path.write_bytes(four.read_bytes())
    monkeypatch.setattr(media_files, "COMMAND", [sys.executable, "-c", "import time; time.sleep(60)"])
    with pytest.raises(ValueError, match=r"hangs.mp4 took longer than 0.3 s"):
        read(path, time_limit_s=0.3)
    assert "hangs.mp4" in json.dumps(json.loads((tmp_path / "quarantine.json").read_bytes()))
    monkeypatch.setattr(media_files, "COMMAND", ["it would be opened"])
    with pytest.raises(ValueError, match=r"known from the last try\); to try it again, delete .*quarantine.json"):
        read(path)


def test_a_film_that_kills_its_decoder_is_named(four: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "kills.mp4"
    path.write_bytes(four.read_bytes())
    code = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"
    monkeypatch.setattr(media_files, "COMMAND", [sys.executable, "-c", code])
    with pytest.raises(ValueError, match=r"kills.mp4 brought its decoder down \(SIGSEGV\)"):
        read(path)


@pytest.mark.usefixtures("here")
def test_a_frame_that_cannot_be_decoded_is_said_or_skipped_and_counted(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.mp4", [("red", 2.0), ("blue", 2.0)], rate=2, codec="mjpeg", pixel_format="yuvj420p")
    damage(path, number=2)
    with pytest.raises(ValueError, match=r"Frame 1 of a.mp4, at 1.00 s, cannot be decoded, and 0 may be skipped"):
        read(path)
    film = read(path, skip=1)
    assert (film.skipped, film.times_s, colours(film)) == ((1,), [0.0, 2.0, 3.0], ["red", "blue", "blue"])


@pytest.mark.usefixtures("here")
def test_a_film_of_one_picture_is_one_frame(tmp_path: Path) -> None:
    assert colours(read(make_film(tmp_path / "one.mp4", [("teal", 0.1)]), FramePolicy(n=8))) == ["teal"]


def test_what_is_no_film_is_said_and_may_be_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_text("no film", encoding="utf-8")
    with pytest.raises(ValueError, match="is no video that can be read"):
        read(path)
    assert not (tmp_path / "quarantine.json").exists()


def test_a_time_limit_of_nothing_is_refused(four: Path) -> None:
    with pytest.raises(ValueError, match="the time limit is 0 s"):
        read(four, time_limit_s=0)
