"""The page and the films of a run."""

import shutil
from pathlib import Path

import av
import pytest

from moviellm.generation.verbs import view
from moviellm.generation.views import write_views
from tests.espeak import require_espeak
from tests.generation.runs.cellkit import build_movies, put_record


@pytest.mark.parametrize("name", ["storyboard.html", "films/m00000.mp4", "films/m00000.srt", "films/m00000.vtt"])
def test_a_folder_in_the_place_of_a_view_is_named_before_anything_is_written(tmp_path: Path, name: str) -> None:
    put_record(tmp_path, movies=1)
    build_movies(tmp_path, [0])
    (tmp_path / name).mkdir(parents=True)
    with pytest.raises(ValueError, match=f"{name} is a folder where a file belongs; delete it by hand"):
        write_views(tmp_path, None, films=True)
    assert [path for path in (tmp_path / "films").glob("*") if path.is_file()] == []


@pytest.fixture
def run(tmp_path: Path) -> Path:
    put_record(tmp_path, movies=1)
    build_movies(tmp_path, [0])
    return tmp_path


def viewed(
    run: Path, *, films: bool = True, motion: bool = False, fps: int | None = None, voice: bool = False
) -> None:
    view(run, movie_ids=None, films=films, motion=motion, fps=fps, voice=voice, as_json=False)


@pytest.mark.parametrize(("fps", "rate"), [(None, 24), (12, 12)])
def test_films_are_made_with_motion(run: Path, fps: int | None, rate: int) -> None:
    viewed(run, motion=True, fps=fps)
    with av.open(str(run / "films" / "m00000.mp4")) as film:
        video = film.streams.video[0]
        assert video.frames == round(float(video.duration * video.time_base) * rate)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fps": 24}, "add --motion"),
        ({"fps": 25, "motion": True}, "12 or 24"),
        ({"motion": True, "films": False}, "leave out --no-films"),
        ({"voice": True, "films": False}, "leave out --no-films"),
    ],
)
def test_options_of_films_that_cannot_be_are_refused(run: Path, options: dict[str, bool | int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        viewed(run, **options)
    assert not (run / "films").exists()


def test_voices_without_espeak_are_refused_before_anything_is_written(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(ValueError, match="apt-get install espeak-ng"):
        viewed(run, voice=True)
    assert not (run / "films").exists()


@pytest.mark.espeak
def test_a_film_with_voices_says_how_many_lines_were_spoken(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    require_espeak()
    viewed(run, voice=True)
    assert "lines spoken" in capsys.readouterr().out
