"""Published annotations in a report: frames of the films that failures are of, decoded from the folder."""

import json
import shutil
from pathlib import Path

import pytest

from moviellm.eval.reporting.film_album import FRAMES, open_films
from moviellm.generation.cli.app import call
from tests.generation.imports.films.filmkit import make_film

ASKED = [
    {"id": 0, "video_id": 1, "question": "what is shown?", "answer": "red"},
    {"id": 1, "video_id": 2, "question": "what is shown?", "answer": "green"},
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Annotations of two films, of which one is there, and answers, of which both are wrong."""
    folder = tmp_path_factory.mktemp("published")
    (folder / "test_qa.json").write_text(json.dumps(ASKED), encoding="utf-8")
    make_film(folder / "a.mp4", [("red", 2.0), ("green", 4.0)], rate=2)
    (folder / "films").mkdir()
    shutil.move(folder / "a.mp4", folder / "films" / "video1.mp4")
    return folder


@pytest.fixture(autouse=True)
def _own_quarantine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def run(place: Path, out: Path) -> Path:
    from moviellm.eval.published.opening import open_published

    names = list(open_published(f"msrvtt-qa:{place / 'test_qa.json'}", None).questions)
    (out.parent / "said.json").write_text(json.dumps(dict.fromkeys(names, "blue")), encoding="utf-8")
    data = ["--data", f"msrvtt-qa:{place / 'test_qa.json'}", "--videos", str(place / "films"), "--max-missing", "1"]
    assert call(["eval", "run", "--model", f"replay:{out.parent / 'said.json'}", *data, "--out", str(out)]) == 0
    return out


def test_failures_of_published_questions_have_frames_of_their_films(place: Path, tmp_path: Path) -> None:
    out = run(place, tmp_path / "out")
    data = ["--data", f"msrvtt-qa:{place / 'test_qa.json'}", "--videos", str(place / "films")]
    assert call(["eval", "report", str(out), "--out", str(tmp_path / "report"), *data]) == 0
    page = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert page.count('src="data:image/jpeg') == 4


def test_without_the_folder_of_films_the_report_says_so(place: Path, tmp_path: Path) -> None:
    out = run(place, tmp_path / "out")
    assert call(["eval", "report", str(out), "--out", str(tmp_path / "report")]) == 0
    assert "published annotations and --videos" in (tmp_path / "report" / "report.md").read_text(encoding="utf-8")


def test_other_annotations_than_those_of_the_run_are_refused(place: Path) -> None:
    with pytest.raises(ValueError, match="is not the dataset that was asked about"):
        open_films(f"msrvtt-qa:{place / 'test_qa.json'}", place / "films", {"rows_sha256": "0" * 64})


def test_a_film_has_moments_evenly_spread_and_one_that_is_missing_has_none(place: Path) -> None:
    album = open_films(f"msrvtt-qa:{place / 'test_qa.json'}", place / "films", {})
    (movie,) = album.movies
    spans = [frame.span for frame in album.movies[movie].frames]
    assert len(spans) == FRAMES and spans[-1][1] == pytest.approx(6.0, abs=0.6)
    assert "video2" not in album.movies and album.movies.get("video2") is None


def test_a_film_that_cannot_be_decoded_has_no_pictures(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(place / "films", tmp_path / "films")
    album = open_films(f"msrvtt-qa:{place / 'test_qa.json'}", tmp_path / "films", {})
    (movie,) = album.movies
    names = {frame.keyframe_id for frame in album.movies[movie].frames}
    (tmp_path / "films" / "video1.mp4").write_bytes(b"no film")
    assert album.pictures(names) == {}
    assert f"no pictures of {movie}" in capsys.readouterr().err
