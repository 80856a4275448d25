"""imports/beside.py and transcripts.py: subtitles become the dialogue of imported movies."""

from pathlib import Path

import pytest

from moviellm.generation.imports.beside import AFTER_END, CUT
from tests.generation.imports.legacy import Read, dump, video_chatgpt, vtimellm, write_story

CUES = "1\n00:00:01,000 --> 00:00:06,000\nHello.\n\n2\n00:00:09,000 --> 00:00:10,000\nBye.\n\n"
LATE = "3\n00:01:30,000 --> 00:01:31,000\nLate.\n"


def written(path: Path, text: str = CUES) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def lines(found: Read, movie: int = 0) -> list[tuple[str, float, float]]:
    return [(one.text, one.span.start_s, one.span.end_s) for one in found.movies[movie].dialogue()]


def test_subtitles_called_like_a_film_are_its_dialogue(tmp_path: Path) -> None:
    path = dump(tmp_path, "a.json", vtimellm())
    written(tmp_path / "srt/v_1.srt", CUES + LATE)
    written(tmp_path / "srt/other.srt")
    found = Read("vtimellm", [path], tmp_path / "s", subtitles=(tmp_path / "srt",))
    assert (lines(found, 0), lines(found, 1)) == ([], [("Hello.", 1.0, 6.0), ("Bye.", 9.0, 10.0)])
    assert found.left_out == {"files of subtitles that are called like no movie": 1, AFTER_END: 1}


def test_one_file_and_one_film_belong_together(tmp_path: Path) -> None:
    path = write_story(tmp_path / "data")
    found = Read("dreamframe", [path], tmp_path / "s", subtitles=(written(tmp_path / "film.srt"),), frames_per_scene=1)
    assert lines(found) == [("Hello.", 1.0, 4.0), ("Bye.", 9.0, 10.0)]
    assert found.changed[CUT] == 1


def test_a_film_of_unknown_length_lasts_as_long_as_its_subtitles(tmp_path: Path) -> None:
    path = dump(tmp_path, "qa.json", video_chatgpt()[:1])
    found = Read("video-chatgpt", [path], tmp_path / "s", subtitles=(written(tmp_path / "v_a.srt"),))
    assert (found.movies[0].duration_s, len(lines(found))) == (10.0, 2)


def test_a_voice_of_webvtt_is_a_speaker(tmp_path: Path) -> None:
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ada>Hello.\n\n00:03.000 --> 00:04.000\nBye.\n"
    (movie,) = Read("subtitles", [written(tmp_path / "a.vtt", text)], tmp_path / "s").movies
    assert [person.name for person in movie.characters] == ["Ada"]
    assert [line.character_id for line in movie.dialogue()] == ["m00000-p00", None]


def test_a_file_of_subtitles_is_a_movie(tmp_path: Path) -> None:
    found = Read("subtitles", [written(tmp_path / "a.srt").parent], tmp_path / "s", limit=1)
    (movie,) = found.movies
    assert (movie.title, movie.duration_s, [one.image for one in movie.keyframes()]) == ("a", 10.0, [None])


def test_a_file_without_a_usable_cue_is_counted(tmp_path: Path) -> None:
    bad = written(tmp_path / "a.srt", "00:00:02,000 --> 00:00:01,000\nx\n")
    found = Read("subtitles", [bad, written(tmp_path / "b.srt")], tmp_path / "s")
    assert found.left_out == {
        "files of subtitles without a cue that can be used": 1,
        "cues of subtitles: ends before it starts": 1,
    }


def test_a_folder_without_subtitles_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=r"holds no \.srt or \.vtt file"):
        Read("subtitles", [tmp_path / "empty"], tmp_path / "s")
