"""Films become a dataset: the whole way, killed and resumed, with what they say of themselves and no more."""

import hashlib
import io
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from moviellm.generation.cli.app import call
from moviellm.generation.dataset.import_report import ImportReport
from moviellm.generation.film.mp4 import write_film
from moviellm.generation.imports.films import spool, video
from moviellm.generation.imports.films.quarantine import CRASHED, Refused
from moviellm.generation.imports.films.spool import spool_film
from moviellm.generation.imports.films.subtitles import OUTSIDE
from moviellm.generation.imports.films.video import TWICE, open_films
from moviellm.generation.imports.films.workers import NOT_READ
from moviellm.generation.imports.importing import import_dataset
from moviellm.generation.imports.options import FilmOptions, ImportOptions, film_options
from moviellm.generation.schema import Movie, check_movie
from tests.factories import MemoryRun, make_movie
from tests.generation.imports.films.filmkit import in_this_process, make_film, name_of
from tests.tiny_speech import save_tiny_whisper

THREE = [("red", 4.0), ("blue", 4.0), ("grey", 4.0)]
SHOTS = ImportOptions(films=FilmOptions(fps=None))


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Decode here: processes of their own are for test_workers.py."""
    if "own_processes" in request.fixturenames:
        return
    in_this_process(monkeypatch)


@pytest.fixture
def own_processes() -> None:
    """For a test in which films are decoded as they are for users."""


def movies(paths: list[Path], folder: Path, options: ImportOptions = SHOTS) -> tuple[list[Movie], ImportReport, Any]:
    report = ImportReport(kind="video", title="")
    reader = open_films(paths, options, report, folder)
    found = list(reader.movies())
    for movie in found:
        check_movie(movie)
    return found, report, reader


def test_a_film_becomes_a_dataset_on_the_command_line(
    tmp_path: Path, own_processes: None, capsys: pytest.CaptureFixture[str]
) -> None:
    film = make_film(tmp_path / "film.mp4", THREE, lines=[(0.5, 1.5, "Hello.")], title="The Key", language="eng")
    out = tmp_path / "data"
    assert call(["dataset", "import", "video", str(film), "--out", str(out), "--shots", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == {
        "movies": 1, "keyframes": 3, "dialogue": 1, "qa": 0, "events": 0
    }  # fmt: skip
    assert call(["dataset", "check", str(out)]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "film.mp4"]


def test_what_a_film_says_of_itself_is_kept_and_the_rest_is_unknown(tmp_path: Path) -> None:
    film = make_film(tmp_path / "film.mp4", THREE, lines=[(0.5, 1.5, "Hello.")], title="The Key", language="ger")
    (movie,), report, _ = movies([film], tmp_path / "kept")
    assert (movie.title, movie.language, movie.duration_s) == ("The Key", "de", pytest.approx(12.0))
    assert (movie.theme, movie.genre, movie.synopsis, movie.qa_pairs) == (None, None, None, None)
    assert (movie.characters, movie.events, movie.locations) == ((), (), ())
    (line,) = movie.dialogue()
    assert (line.text, line.character_id, line.emotion) == ("Hello.", None, None)
    made = json.loads(movie.provenance[0].params)
    assert (made["film"]["codec"], made["film"]["frame_rate"], made["settings"]["fps"]) == ("h264", "10", None)
    assert made["subtitles"] == "a track of the film"
    assert made["tools"].keys() == {"av", "libavcodec", "pillow", "scenedetect"}
    assert [file.name for file in report.files] == ["film.mp4"]
    assert str(tmp_path) not in movie.model_dump_json()


def test_a_film_of_ours_comes_back_with_its_cuts_pictures_and_lines(tmp_path: Path) -> None:
    original = make_movie(7, chapters=1, scenes=2, keyframes=2)
    write_film(original, MemoryRun([original]).images(original), tmp_path)
    (movie,), _, reader = movies([tmp_path / "m00007.mp4"], tmp_path / "kept")
    assert movie.movie_id == "m00007"
    assert movie.title == original.title
    assert [k.span for k in movie.keyframes()] == [k.span for k in original.keyframes()]
    said = [(line.span, line.text) for line in movie.dialogue()]
    assert said == [(line.span, line.text) for line in original.dialogue()]
    names = {person.character_id: person.name for person in movie.characters}
    assert [names[line.character_id or ""] for line in movie.dialogue()] == ["Ada", "Ada"]
    before = [_mean(data) for _, data in MemoryRun([original]).images(original)]
    after = [_mean(data) for _, data in reader.images(movie)]
    assert np.abs(np.array(before) - np.array(after)).max() < 8


def _mean(data: bytes) -> list[float]:
    picture = Image.open(io.BytesIO(data)).convert("RGB").resize((1, 1), Image.Resampling.BOX)
    return [float(level) for level in picture.getpixel((0, 0))]  # type: ignore[union-attr]


def test_pictures_are_given_twice_and_are_those_of_the_hashes(tmp_path: Path) -> None:
    film = make_film(tmp_path / "film.mp4", THREE)
    (movie,), _, reader = movies([film], tmp_path / "kept", ImportOptions())
    for _ in range(2):
        pictures = list(reader.images(movie))
        assert len(pictures) == 12
        assert all(hashlib.sha256(data).hexdigest() == k.image_sha256 for k, data in pictures)


def test_chapters_of_the_film_are_chapters_and_begin_with_scenes(tmp_path: Path) -> None:
    film = make_film(tmp_path / "film.mkv", THREE, chapters=[(0.0, 4.1, "The key"), (4.1, 12.0, "Chapter 2")])
    (movie,), _, _ = movies([film], tmp_path / "kept")
    assert [(chapter.title, chapter.span.start_s) for chapter in movie.chapters] == [("The key", 0.0), ("", 4.0)]
    assert [len(chapter.scenes) for chapter in movie.chapters] == [1, 1]


def test_a_chapter_can_be_one_scene(tmp_path: Path) -> None:
    film = make_film(tmp_path / "film.mp4", [("red", 9.0), ("blue", 9.0)])
    by_colour, _, _ = movies([film], tmp_path / "kept")
    whole, _, _ = movies([film], tmp_path / "kept2", replace(SHOTS, films=FilmOptions(fps=None, scenes="whole")))
    assert [len(list(movie.scenes())) for movie in (by_colour[0], whole[0])] == [2, 1]


def test_a_line_before_the_first_picture_stays_at_the_beginning(tmp_path: Path) -> None:
    """The original code put a subtitle that ends before the first keyframe on the last frame."""
    film = make_film(tmp_path / "film.mp4", [("red", 12.0), ("blue", 12.0)], start_s=3.0, sound_s=0.5)
    cues = [(0.2, 0.9, "early"), (14.5, 16.0, "across"), (30.0, 31.0, "never")]
    (tmp_path / "film.srt").write_text(_srt(cues), encoding="utf-8")
    (movie,), report, _ = movies([film], tmp_path / "kept")
    first, second = movie.scenes()
    assert [line.text for line in first.dialogue or ()] == ["early"]
    assert [(line.text, line.span.start_s) for line in second.dialogue or ()] == [("across", 15.0)]
    assert report.left_out[OUTSIDE] == 1


def _srt(cues: list[tuple[float, float, str]]) -> str:
    def clock(time_s: float) -> str:
        return f"00:00:{int(time_s):02d},{round(time_s % 1 * 1000):03d}"

    return "".join(
        f"{number}\n{clock(start)} --> {clock(end)}\n{text}\n\n" for number, (start, end, text) in enumerate(cues, 1)
    )


def test_subtitles_given_come_before_those_beside_and_those_inside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film = make_film(tmp_path / "film.mp4", THREE, lines=[(1.0, 2.0, "inside")])
    given = tmp_path / "other.srt"
    given.write_text(_srt([(1.0, 2.0, "given")]), encoding="utf-8")

    def said(options: ImportOptions) -> list[str]:
        (movie,), _, _ = movies([film], tmp_path / f"kept{len(list(tmp_path.iterdir()))}", options)
        return [line.text for line in movie.dialogue()]

    assert said(SHOTS) == ["inside"]
    (tmp_path / "film.en.srt").write_text(_srt([(1.0, 2.0, "beside")]), encoding="utf-8")
    assert said(SHOTS) == ["beside"]
    assert "its subtitles are film.en.srt" in capsys.readouterr().err
    assert said(replace(SHOTS, subtitles=(given,))) == ["given"]


def test_a_film_without_subtitles_has_no_dialogue_at_all(tmp_path: Path) -> None:
    (movie,), _, _ = movies([make_film(tmp_path / "film.mp4", THREE)], tmp_path / "kept")
    assert [scene.dialogue for scene in movie.scenes()] == [None] * len(list(movie.scenes()))
    assert json.loads(movie.provenance[0].params)["subtitles"] == ""


@pytest.mark.slow  # loads transformers
def test_a_film_without_subtitles_is_heard_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whisper = save_tiny_whisper(tmp_path / "whisper")
    film = make_film(tmp_path / "film.mp4", [("red", 6.0)], sound_s=6.0)
    options = replace(SHOTS, films=FilmOptions(fps=None, asr=str(whisper)))
    (movie,), _, reader = movies([film], tmp_path / "kept", options)
    del reader  # it holds the folder
    assert all(line.span.end_s <= 6.0 + 1e-6 for line in movie.dialogue())
    by = json.loads(movie.provenance[0].params)["subtitles"]
    assert by.startswith("whisper@")
    monkeypatch.setattr("moviellm.generation.imports.films.said.load_speech", None)
    (again,), _, _ = movies([film], tmp_path / "kept", options)
    assert again == movie


def test_what_cannot_be_read_is_left_out_said_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    film = make_film(tmp_path / "film.mp4", THREE)
    shutil.copy(film, tmp_path / "same.mp4")
    (tmp_path / "not.mp4").write_text("no film", encoding="utf-8")
    found, report, _ = movies([tmp_path], tmp_path / "kept")
    assert len(found) == 1
    assert report.left_out == {NOT_READ: 1, TWICE: 1}
    said = capsys.readouterr().err
    assert "not.mp4 is no video that can be read" in said
    assert "same.mp4 is the same file as another" in said


def test_one_film_that_cannot_be_read_is_an_error_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "not.mp4").write_text("no film", encoding="utf-8")
    with pytest.raises(ValueError, match=r"not\.mp4 is no video that can be read"):
        movies([tmp_path / "not.mp4"], tmp_path / "kept")


def test_a_film_whose_decoder_crashed_is_an_error_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    film = make_film(tmp_path / "film.mp4", [("red", 0.2)])
    monkeypatch.setattr(video, "read_films", lambda paths, *rest, **more: [Refused(paths[0], CRASHED, "it crashed")])
    with pytest.raises(ValueError, match="it crashed"):
        movies([film], tmp_path / "kept")


def test_an_import_that_was_killed_decodes_no_finished_film_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    films = [make_film(tmp_path / f"{name}.mp4", [(name, 2.0)]) for name in ("red", "blue")]
    kept = tmp_path / ".data.kept"
    spool_film(films[0], video._settings(SHOTS), kept, lambda film_s: None)
    opened: list[str] = []
    real = spool.open_film

    def counting(path: Path, threads: int = 2) -> Any:
        opened.append(path.name)
        return real(path, threads)

    monkeypatch.setattr(spool, "open_film", counting)
    import_dataset("video", films, tmp_path / "data", SHOTS)
    assert opened == ["blue.mp4"]
    assert not kept.exists()


def test_the_same_films_give_the_same_bytes(tmp_path: Path) -> None:
    films = [make_film(tmp_path / f"{name}.mp4", [(name, 2.0)]) for name in ("red", "blue")]
    one = import_dataset("video", films, tmp_path / "one", SHOTS)
    other = import_dataset("video", films, tmp_path / "two", SHOTS)
    assert one.files == other.files


def test_two_imports_do_not_work_in_one_place(tmp_path: Path) -> None:
    film = make_film(tmp_path / "film.mp4", [("red", 0.5)])
    first = movies([film], tmp_path / "kept")
    with pytest.raises(ValueError, match="another import is working in"):
        movies([film], tmp_path / "kept")
    assert first


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (FilmOptions(scenes="nice"), "--scenes 'nice': allowed are colour and whole"),
        (FilmOptions(fps=0.0), "--fps 0.0: allowed are 0.01 to 60.0"),
        (FilmOptions(quality=100), "--quality 100: allowed are 30 to 95"),
        (FilmOptions(max_side_px=4), "--max-side 4: allowed are 32 to 4096"),
        (FilmOptions(time_limit_s=0), "--time-limit 0: allowed are seconds above 0"),
    ],
)
def test_options_out_of_bounds_are_refused(tmp_path: Path, options: FilmOptions, said: str) -> None:
    with pytest.raises(ValueError, match=said.replace(".", r"\.")):
        movies([make_film(tmp_path / "film.mp4", [("red", 0.2)])], tmp_path / "kept", ImportOptions(films=options))


def test_shots_and_frames_a_second_contradict_each_other() -> None:
    rest: dict[str, Any] = {"scenes": "colour", "asr": None, "max_side": 512, "quality": 88, "time_limit": 9.0}
    assert film_options(fps=None, shots=False, **rest).fps == 1.0
    assert film_options(fps=None, shots=True, **rest).fps is None
    with pytest.raises(ValueError, match=r"--shots and --fps 2\.0 contradict each other"):
        film_options(fps=2.0, shots=True, **rest)


def test_a_folder_without_films_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(ValueError, match="there is no film in the folder"):
        movies([tmp_path / "folder"], tmp_path / "kept")


def test_colours_of_the_pictures_are_those_of_the_film(tmp_path: Path) -> None:
    (movie,), _, reader = movies([make_film(tmp_path / "film.mp4", THREE)], tmp_path / "kept")
    seen = [name_of(np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))) for _, data in reader.images(movie)]
    assert seen == ["red", "blue", "grey"]


def test_films_of_ours_come_in_the_order_of_their_ids(tmp_path: Path) -> None:
    films = [make_film(tmp_path / f"m{number:05d}.mp4", [(name, 1.0)]) for number, name in ((3, "red"), (1, "blue"))]
    found, _, _ = movies(films, tmp_path / "kept")
    assert [(movie.movie_id, movie.title) for movie in found] == [("m00001", "m00001"), ("m00003", "m00003")]
