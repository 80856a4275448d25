"""imports/long_videoqa.py: LLaMA-VID's films with feature pickles, which are never run."""

import json
import os
import pickle
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from moviellm.generation.imports.long_videoqa import (
    AFTER_LAST,
    BAD_FEATURES,
    BAD_LIST,
    BEFORE_FIRST,
    COUNTS_DIFFER,
    NO_FEATURES,
    TEXT_ONLY,
)
from tests.generation.imports.legacy import Read, long_videoqa, picture, write_long_videoqa


def read(tmp_path: Path, *, feats: Any = None, inputs: str | None = None, **options: Any) -> Read:
    path = write_long_videoqa(tmp_path / "data", feats, inputs)
    return Read("long-videoqa", [path], tmp_path / "scratch", **options)


def test_questions_about_one_film_are_one_movie(tmp_path: Path) -> None:
    found = read(tmp_path)
    asked = [[(q.question, q.answer) for q in movie.qa_pairs or ()] for movie in found.movies]
    assert asked == [[("Who is it?", "Ada."), ("Why?", "For gold."), ("Sure?", "Yes.")], [("Where?", "Rome.")]]


def test_texts_without_a_film_are_counted(tmp_path: Path) -> None:
    assert read(tmp_path).left_out == {TEXT_ONLY: 1, NO_FEATURES: 1}


def test_a_frame_is_a_keyframe_of_one_second_without_picture(tmp_path: Path) -> None:
    movie = read(tmp_path).movies[0]
    frames = [(one.span.start_s, one.span.end_s, one.image) for one in movie.keyframes()]
    assert frames == [(0.0, 1.0, None), (1.0, 2.0, None), (2.0, 3.0, None), (3.0, 4.0, None)]


def test_a_line_has_the_time_of_its_frame(tmp_path: Path) -> None:
    movie = read(tmp_path).movies[0]
    assert [(line.text, line.span.start_s) for line in movie.dialogue()] == [
        ("Hello.", 0.0),
        ("Two lines.\nSaid.", 2.0),
    ]


def test_a_film_without_features_is_one_keyframe(tmp_path: Path) -> None:
    movie = read(tmp_path).movies[1]
    assert (movie.duration_s, list(movie.dialogue())) == (4.0, [])


def test_the_ids_of_the_original_are_kept(tmp_path: Path) -> None:
    movie = read(tmp_path).movies[0]
    assert movie.qa_pairs is not None and movie.qa_pairs[2].provenance is not None
    assert json.loads(movie.provenance[0].params)["id"] == "movienet/tt1.pkl"
    assert json.loads(movie.qa_pairs[2].provenance.params) == {"record": "1", "turn": 1}


@pytest.mark.parametrize(
    ("inputs", "what", "lines"),
    [
        ("Early.<image>a<image><image><image>", BEFORE_FIRST, ["Early.\na"]),
        ("<image>a<image>b", COUNTS_DIFFER, ["a", "b"]),
        ("<image>a<image><image><image><image>late", COUNTS_DIFFER, ["a"]),
    ],
)
def test_text_that_does_not_fit_its_frames_is_counted(
    tmp_path: Path, inputs: str, what: str, lines: list[str]
) -> None:
    found = read(tmp_path, inputs=inputs)
    assert [line.text for line in found.movies[0].dialogue()] == lines and found.changed == {what: 1}
    assert found.left_out.get(AFTER_LAST, 0) == ("late" in inputs)


@pytest.mark.parametrize("data", [b"junk", pickle.dumps([1]), pickle.dumps({"feats": 1, "inputs": "<image>"})])
def test_features_that_cannot_be_read_are_counted(tmp_path: Path, data: bytes) -> None:
    path = write_long_videoqa(tmp_path / "data")
    (tmp_path / "data/movienet/tt1.pkl").write_bytes(data)
    found = Read("long-videoqa", [path], tmp_path / "scratch")
    assert found.left_out[BAD_FEATURES] == 1 and len(found.movies) == 2


class Evil:
    """What an attacker puts into a pickle."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.mark}",)


def test_features_that_would_run_code_stop_the_import(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"tt1\.pkl .*'posix system'"):
        read(tmp_path, feats=Evil(tmp_path / "harm"))
    assert not (tmp_path / "harm").exists()


def test_features_are_copied_as_safetensors(tmp_path: Path) -> None:
    found = read(tmp_path)
    ((path, file),) = found.reader.files(found.movies[0])
    assert path == "features/00000/m00000.safetensors"
    assert list(found.reader.files(found.movies[1])) == []
    assert not Path(str(file)).exists(), "it is there only until the next is asked for"


def test_copied_features_are_the_same(tmp_path: Path) -> None:
    found = read(tmp_path)
    for _, file in found.reader.files(found.movies[0]):
        feats = load_file(file)["feats"]
    assert feats.dtype == np.float16 and feats.ravel().tolist() == list(range(24))


def test_one_film_of_features_is_in_memory_at_a_time(tmp_path: Path) -> None:
    feats = np.zeros((400, 50, 250), np.float16)
    path = write_long_videoqa(tmp_path / "data", feats, "<image>" * 400)
    records = [{**record, "video": f"movienet/tt{number}.pkl"} for number, record in enumerate(long_videoqa()[:3])]
    path.write_text(json.dumps(records))
    for number in (0, 2):
        os.link(tmp_path / "data/movienet/tt1.pkl", tmp_path / f"data/movienet/tt{number}.pkl")
    tracemalloc.start()
    found = Read("long-videoqa", [path], tmp_path / "scratch")
    assert sum(1 for movie in found.movies for _ in found.reader.files(movie)) == 3
    assert tracemalloc.get_traced_memory()[1] < 1.5 * feats.nbytes
    tracemalloc.stop()


def test_ids_of_ours_are_kept(tmp_path: Path) -> None:
    path = write_long_videoqa(tmp_path / "data")
    record = {**long_videoqa()[0], "video": "story_feat/m00042.pkl"}
    path.write_text(json.dumps([record]))
    assert Read("long-videoqa", [path], tmp_path / "scratch").movies[0].movie_id == "m00042"


def exported(tmp_path: Path, **changed: Any) -> Path:
    """What `moviellm dataset export llama-vid` writes: a list of frames with their times, and no features."""
    path = write_long_videoqa(tmp_path / "data")
    (tmp_path / "data/movienet/tt1.pkl").unlink()
    listed = {"inputs": "<image>Hello.<image>Bye.", "frames": ["images/a.png", "images/b.png"], "times_s": [0.0, 4.0]}
    (tmp_path / "data/movienet/tt1.json").write_text(json.dumps(listed | changed))
    (tmp_path / "data/images").mkdir()
    (tmp_path / "data/images/a.png").write_bytes(picture(1))
    return path


def test_frames_of_our_own_export_have_their_times_and_pictures(tmp_path: Path) -> None:
    found = Read("long-videoqa", [exported(tmp_path)], tmp_path / "scratch")
    movie = found.movies[0]
    assert [(one.span.start_s, one.span.end_s, one.image) for one in movie.keyframes()] == [
        (0.0, 4.0, "m00000-c00-s00-k00.png"),
        (4.0, 8.0, None),
    ]
    assert [line.text for line in movie.dialogue()] == ["Hello.", "Bye."]
    assert [data for _, data in found.reader.images(movie)] == [picture(1)]
    assert found.left_out == {TEXT_ONLY: 1, NO_FEATURES: 1, "pictures that are missing": 1}


@pytest.mark.parametrize(
    "changed", [{"times_s": [0.0]}, {"times_s": [0.0, 0.0]}, {"times_s": [1.0, 2.0]}, {"frames": []}, {"inputs": 3}]
)
def test_a_list_that_cannot_be_is_counted(tmp_path: Path, changed: dict[str, Any]) -> None:
    found = Read("long-videoqa", [exported(tmp_path, **changed)], tmp_path / "scratch")
    assert found.left_out == {TEXT_ONLY: 1, NO_FEATURES: 2, BAD_LIST: 1}
