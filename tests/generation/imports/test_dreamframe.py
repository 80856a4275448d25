"""imports/dreamframe.py: story files with pictures become movies, from folders and zips, without celebrities."""

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from moviellm.generation.schema import Movie
from tests.generation.imports.legacy import CELEBRITY, Read, picture, story, write_story


@pytest.fixture
def read(tmp_path: Path):
    def opened(*paths: Path, **options: Any) -> Read:
        return Read("dreamframe", paths or (tmp_path / "data",), tmp_path / "scratch", **options)

    write_story(tmp_path / "data")
    return opened


def texts(movie: Movie) -> str:
    return movie.model_dump_json()


def test_frames_are_keyframes_of_four_seconds(read) -> None:
    (movie,) = read().movies
    spans = [(keyframe.span.start_s, keyframe.span.end_s) for keyframe in movie.keyframes()]
    assert spans == [(0.0, 4.0), (4.0, 8.0), (8.0, 12.0), (12.0, 16.0)]


def test_the_time_of_a_keyframe_can_be_set(read) -> None:
    (movie,) = read(seconds_per_keyframe=2.5).movies
    assert movie.duration_s == 10.0


def test_lines_share_the_time_of_the_frame_they_follow(read) -> None:
    (movie,) = read().movies
    said = [(line.text, line.span.start_s, line.span.end_s, line.character_id) for line in movie.dialogue()]
    assert said == [("Line 0.", 0.0, 4.0, None), ("One.", 8.0, 10.0, None), ("Two.", 10.0, 12.0, None)]


def test_the_prefix_is_no_part_of_a_caption(read) -> None:
    (movie,) = read().movies
    assert next(movie.keyframes()).caption == "In the smithy, Darius is standing, number 0."


def test_the_keyword_of_the_style_is_read_off_the_prefix(read) -> None:
    (movie,) = read().movies
    assert movie.style is not None and movie.style.keyword == "Dramatic"


def test_no_celebrity_is_left(read) -> None:
    found = read()
    assert "Vincent" not in texts(found.movies[0]) and "Wallace" not in texts(found.movies[0])
    assert found.changed["likenesses of celebrities in texts, replaced by the character's name"] == 6


def test_clothes_are_kept(read) -> None:
    (movie,) = read().movies
    assert [(p.name, p.appearance, p.role) for p in movie.characters] == [
        ("Darius", "a man in brown", None),
        ("Mia", "a woman in royal blue", None),
    ]


def test_celebrities_are_kept_on_request(read) -> None:
    (movie,) = read(keep_likenesses=True).movies
    assert movie.characters[0].appearance == CELEBRITY and CELEBRITY in next(movie.keyframes()).caption


def test_who_is_in_a_picture_is_read_off_its_text(read) -> None:
    (movie,) = read().movies
    assert next(movie.keyframes()).character_ids == ("m00000-p00",) and next(movie.keyframes()).figures == ()


def test_others_described_by_a_celebrity_are_not(read, tmp_path: Path) -> None:
    found = story(1)
    found["img_diag"] = [["frame", "a boy looks like Butch Coolidge is running to a man who looks like a bear"]]
    (tmp_path / "data/story_info_0.json").write_text(json.dumps(found))
    (movie,) = read().movies
    assert next(movie.keyframes()).caption == "a boy is running to a man who looks like a bear"


def test_pictures_come_as_they_were(read) -> None:
    found = read()
    images = list(found.reader.images(found.movies[0]))
    assert [data for _, data in images] == [picture(number) for number in (1, 2, 3, 4)]
    assert images[0][0].image_sha256 == hashlib.sha256(picture(1)).hexdigest()
    assert (images[0][0].image, images[0][0].width_px) == ("m00000-c00-s00-k00.png", 16)


def test_missing_broken_and_idle_pictures_are_counted(read, tmp_path: Path) -> None:
    folder = tmp_path / "data/story_info_0"
    (folder / "2.png").unlink()
    (folder / "3.png").write_bytes(b"<html>")
    (folder / "9.png").write_bytes(picture(9))
    found = read()
    assert found.left_out == {
        "pictures that are missing": 1,
        "pictures that cannot be decoded": 1,
        "pictures without a frame": 1,
    }
    assert [keyframe.image is None for keyframe in found.movies[0].keyframes()] == [False, True, True, False]


def test_a_picture_of_too_many_pixels_is_left_out(read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moviellm.generation.imports.pictures.PIXELS_MAX", 100)
    assert read().left_out == {"pictures that have too many pixels": 4}


@pytest.mark.parametrize(
    ("frames", "block", "scenes"), [(4, 2, [2]), (8, 2, [2, 2]), (6, 2, [3]), (4, 3, [1]), (4, 4, [1])]
)
def test_blocks_are_scenes_where_they_divide(tmp_path: Path, frames: int, block: int, scenes: list[int]) -> None:
    path = write_story(tmp_path / "data", frames=frames)
    (movie,) = Read("dreamframe", [path], tmp_path / "s", frames_per_scene=block).movies
    assert [len(chapter.scenes) for chapter in movie.chapters] == scenes


def test_the_size_of_the_paper_gives_eleven_chapters_of_eleven_scenes(tmp_path: Path) -> None:
    path = write_story(tmp_path / "data", frames=1331, pictures=0)
    (movie,) = Read("dreamframe", [path], tmp_path / "s").movies
    assert [len(chapter.scenes) for chapter in movie.chapters] == [11] * 11
    assert {len(scene.keyframes) for scene in movie.scenes()} == {11}


def test_questions_without_type_and_evidence_are_said_to_be_so(read) -> None:
    (movie,) = read().movies
    assert movie.qa_pairs is not None
    question = movie.qa_pairs[1]
    assert (question.question, question.question_type, question.evidence) == ("Why does Darius forge?", None, ())


def test_a_question_asked_twice_is_kept_once(read, tmp_path: Path) -> None:
    found = story()
    found["QA"] += found["QA"][:1]
    (tmp_path / "data/story_info_0.json").write_text(json.dumps(found))
    assert read().left_out == {"questions asked and answered before, word for word": 1}


def zipped(tmp_path: Path) -> Path:
    with zipfile.ZipFile(tmp_path / "part1.zip", "w") as archive:
        for path in sorted((tmp_path / "data").rglob("*.*")):
            archive.write(path, f"MovieLLM/{path.relative_to(tmp_path / 'data')}")
    return tmp_path / "part1.zip"


def test_a_zip_gives_the_same_movies_as_its_folder(read, tmp_path: Path) -> None:
    write_story(tmp_path / "data", "story_info_10", frames=2)
    write_story(tmp_path / "data", "story_info_2", frames=3)
    lying, packed = read(), read(zipped(tmp_path))
    assert [movie.title for movie in lying.movies] == ["story_info_0", "story_info_2", "story_info_10"]

    def without_file(found: Read) -> list[Movie]:
        return [movie.model_copy(update={"provenance": (), "qa_pairs": None}) for movie in found.movies]

    assert without_file(packed) == without_file(lying)
    assert [data for _, data in packed.reader.images(packed.movies[1])] == [picture(n) for n in (1, 2, 3)]


@pytest.mark.parametrize("name", ["story_0", "0", "frames"])
def test_pictures_lie_in_folders_called_otherwise(tmp_path: Path, name: str) -> None:
    path = write_story(tmp_path / "data")
    (tmp_path / "data/story_info_0").rename(tmp_path / "data" / name)
    assert Read("dreamframe", [path], tmp_path / "s").left_out == {}


def test_pictures_may_lie_beside_the_story(tmp_path: Path) -> None:
    path = write_story(tmp_path / "data")
    for image in (tmp_path / "data/story_info_0").iterdir():
        image.rename(tmp_path / "data" / image.name)
    assert Read("dreamframe", [path], tmp_path / "s").left_out == {}


def test_pictures_may_lie_elsewhere(tmp_path: Path) -> None:
    path = write_story(tmp_path / "data")
    (tmp_path / "data/story_info_0").rename(tmp_path / "story_info_0")
    found = Read("dreamframe", [path], tmp_path / "s", media=(tmp_path / "story_info_0",))
    assert found.left_out == {}
    (tmp_path / "more").mkdir()
    (tmp_path / "story_info_0").rename(tmp_path / "more/story_info_0")
    assert Read("dreamframe", [path], tmp_path / "s", media=(tmp_path / "more",)).left_out == {}


def test_two_readings_tell_the_same(read) -> None:
    found = read()
    assert list(found.reader.movies()) == found.movies


def test_counts_are_taken_once(read, tmp_path: Path) -> None:
    (tmp_path / "data/story_info_0/2.png").unlink()
    found = read()
    list(found.reader.movies())
    assert found.left_out == {"pictures that are missing": 1}


def test_stories_of_the_same_name_in_two_folders_are_two(tmp_path: Path) -> None:
    for place, frames in (("part1", 2), ("part2", 3)):
        write_story(tmp_path / place, frames=frames)
        (tmp_path / place / "story_info_0/1.png").write_bytes(picture(50 + frames))
    found = Read("dreamframe", [tmp_path / "part1", tmp_path / "part2"], tmp_path / "s")
    first = [next(iter(found.reader.images(movie)))[1] for movie in found.movies]
    assert [len(list(movie.keyframes())) for movie in found.movies] == [2, 3]
    assert first == [picture(52), picture(53)] and found.left_out == {}
    assert [file.name for file in found.report.files] == ["part1/story_info_0.json", "part2/story_info_0.json"]


def test_only_the_story_that_is_named_is_read(tmp_path: Path) -> None:
    path = write_story(tmp_path / "data")
    write_story(tmp_path / "data", "story_info_1")
    write_story(tmp_path / "media", "story_info_2")
    found = Read("dreamframe", [path], tmp_path / "s", media=(tmp_path / "media",))
    assert [movie.title for movie in found.movies] == ["story_info_0"] and found.left_out == {}
