"""imports/video_chatgpt.py: questions by film, as published and in training form."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from moviellm.generation.imports.video_chatgpt import BAD_FEATURES, NO_FEATURES, REPEATED
from tests.generation.imports.legacy import Read, dump, talk, video_chatgpt


def read(tmp_path: Path, found: Any, **options: Any) -> Read:
    return Read("video-chatgpt", [dump(tmp_path, "qa.json", found)], tmp_path / "scratch", **options)


def pairs(found: Read) -> list[tuple[str, list[tuple[str, str]]]]:
    return [(movie.title, [(q.question, q.answer) for q in movie.qa_pairs or ()]) for movie in found.movies]


EXPECTED = [("v_a", [("What is it?", "A dog runs."), ("Who?", "Nobody.")]), ("v_b", [("Where?", "In a park.")])]


def test_questions_are_gathered_by_film(tmp_path: Path) -> None:
    found = read(tmp_path, video_chatgpt())
    assert (pairs(found), found.left_out) == (EXPECTED, {REPEATED: 1})


def test_the_training_form_gives_the_same(tmp_path: Path) -> None:
    form = [
        {
            "id": one["video_id"],
            "video": f"{one['video_id']}.pkl",
            "conversations": talk(
                f"{one['q']}\n<video>" if place % 2 == 0 else f"<video>\n{one['q']}",
                one["a"],
            ),
        }
        for place, one in enumerate(video_chatgpt())
    ]
    assert pairs(read(tmp_path, form)) == EXPECTED


def test_the_length_is_unknown_and_said_so(tmp_path: Path) -> None:
    movie = read(tmp_path, video_chatgpt(), seconds_per_keyframe=7.0).movies[0]
    assert (movie.duration_s, movie.provenance[0].params) == (7.0, '{"id":"v_a","length_unknown":true}')


@pytest.mark.parametrize("broken", [{"q": "", "a": "x", "video_id": "v"}, {"q": "x", "a": None, "video_id": "v"}])
def test_records_without_text_are_counted(tmp_path: Path, broken: Any) -> None:
    found = read(tmp_path, [*video_chatgpt(), broken])
    assert found.left_out["questions or answers without text"] == 1 and len(found.movies) == 2


def test_features_are_copied_as_safetensors(tmp_path: Path) -> None:
    (tmp_path / "feats").mkdir()
    features = np.ones((356, 8), np.float16)
    (tmp_path / "feats/v_a.pkl").write_bytes(pickle.dumps(features))
    found = read(tmp_path, [*video_chatgpt(), {"q": "q", "a": "a", "video_id": "v_c"}], media=(tmp_path / "feats",))
    (tmp_path / "feats/v_b.pkl").write_bytes(b"x")
    copied = [load_file(file)["feats"] for movie in found.movies for _, file in found.reader.files(movie)]
    assert len(copied) == 1 and np.array_equal(copied[0], features)
    assert found.left_out == {REPEATED: 1, NO_FEATURES: 2}


def test_features_that_cannot_be_read_are_counted(tmp_path: Path) -> None:
    (tmp_path / "feats").mkdir()
    (tmp_path / "feats/v_a.pkl").write_bytes(pickle.dumps({"feats": 1}))
    found = read(tmp_path, video_chatgpt()[:1], media=(tmp_path / "feats",))
    assert list(found.reader.files(found.movies[0])) == [] and found.left_out == {BAD_FEATURES: 1}
