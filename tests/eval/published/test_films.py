"""Published annotations asked of a model: films from a folder, what is missing, lengths, what is kept."""

import json
import shutil
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from moviellm.eval.published.films import find_films
from moviellm.eval.running import evaluating
from moviellm.eval.running.evaluating import Wish
from moviellm.training import media
from moviellm.training.media import files as media_files
from moviellm.training.media.lengths import lengths_of
from tests.eval.published.files import CHARADES, MSRVTT, ONE, OTHER, put
from tests.eval.running.models import Knowing
from tests.generation.imports.films.filmkit import make_film

LIMIT_S = 12.0
HANGS = """
import runpy, sys, time
if b"video1.mp4" in sys.stdin.buffer.peek():
    time.sleep(60)
runpy.run_module("moviellm.training.media.decoding", run_name="__main__")
"""
"""A worker that decodes, but for one film."""


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of six seconds."""
    path = tmp_path_factory.mktemp("film") / "a.mp4"
    make_film(path, [("red", 2.0), ("green", 4.0)], rate=2)
    return path


@pytest.fixture(autouse=True)
def _own_quarantine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def films(folder: Path, film: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(film, folder / name)
    return folder


def asked(monkeypatch: pytest.MonkeyPatch, model: Knowing, **wish: Any) -> dict[str, Any]:
    monkeypatch.setattr(evaluating, "open_model", lambda *_: model)
    evaluating.run(Wish(model="knowing", frames=2, **wish), as_json=True)
    results: dict[str, Any] = json.loads((wish["out"] / "results.json").read_bytes())
    return results


def test_a_film_is_found_by_name_at_any_depth(tmp_path: Path, film: Path) -> None:
    films(tmp_path, film, "test/v_ABC.mkv")
    assert find_films(tmp_path, {"v_ABC": ("v_ABC", "ABC")}) == {"v_ABC": tmp_path / "test/v_ABC.mkv"}


def test_two_films_for_one_video_are_refused(tmp_path: Path, film: Path) -> None:
    films(tmp_path, film, "v_ABC.mkv", "ABC.mp4")
    with pytest.raises(ValueError, match=r"v_ABC is .*ABC\.mp4 and .*v_ABC\.mkv"):
        find_films(tmp_path, {"v_ABC": ("v_ABC", "ABC")})


def test_a_folder_without_films_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(ValueError, match="holds no films"):
        find_films(tmp_path, {"a": ("a",)})


def test_a_film_tells_how_long_it_is_and_what_is_none_tells_nothing(tmp_path: Path, film: Path) -> None:
    (tmp_path / "none.mp4").write_bytes(b"no film")
    assert lengths_of([film, tmp_path / "none.mp4"]) == [pytest.approx(6.0, abs=0.6), None]


def test_a_model_is_shown_the_films_of_the_folder(tmp_path: Path, film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "val_1.json", ONE)
    put(tmp_path / "val_2.json", OTHER)
    model = Knowing()
    place = f"activitynet-captions:{tmp_path}"
    results = asked(monkeypatch, model, data=place, videos=films(tmp_path, film, "v_ABC.mp4"), out=tmp_path / "out")
    assert len(model.films[0]) == 2
    assert set(results["tasks"]) == {"grounding", "dense_captioning"}
    assert results["tasks"]["grounding"]["metrics"]["miou"]["value"] == 1.0


def test_lengths_come_from_the_films_where_the_annotations_do_not_tell(
    tmp_path: Path, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(tmp_path / "test.txt", "YVKIV 1.0 3.0##the person puts down the bag.\n")
    model = Knowing()
    videos = films(tmp_path, film, "YVKIV.mp4")
    asked(monkeypatch, model, data=f"charades-sta:{path}", videos=videos, out=tmp_path / "out")
    assert model.calls[0][0].question.duration_s == pytest.approx(6.0, abs=0.6)


def test_missing_films_are_named_before_anything_is_asked(
    tmp_path: Path, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(tmp_path / "test.txt", CHARADES)
    videos, model = films(tmp_path, film, "YVKIV.mp4"), Knowing()
    with pytest.raises(ValueError, match=r"1 of 2 films are missing \(1 of 2 questions\): 3MSZA; --max-missing 1"):
        asked(monkeypatch, model, data=f"charades-sta:{path}", videos=videos, out=tmp_path / "out")
    assert model.asked == []


def test_as_many_as_may_be_missing_count_as_wrong(tmp_path: Path, film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path / "q.json", [MSRVTT, {**MSRVTT, "id": 2, "video_id": 2}])
    wish = {"data": f"msrvtt-qa:{path}", "videos": films(tmp_path, film, "video2.mp4"), "out": tmp_path / "out"}
    task = asked(monkeypatch, Knowing(), max_missing=1, **wish)["tasks"]["qa_open"]
    assert (task["metrics"]["exact_match"]["value"], task["counts"]["unanswered"]) == (0.5, 1)


def test_a_film_that_cannot_be_decoded_leaves_its_question_unanswered(
    tmp_path: Path, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(tmp_path / "q.json", [MSRVTT, {**MSRVTT, "id": 2, "video_id": 2}])
    films(tmp_path, film, "video2.mp4")
    (tmp_path / "video7010.mp4").write_bytes(b"no film")
    found = asked(monkeypatch, Knowing(), data=f"msrvtt-qa:{path}", videos=tmp_path, out=tmp_path / "out")
    (reason,) = found["tasks"]["qa_open"]["counts"]["reasons"]
    assert "video7010.mp4 is no video that can be read" in reason


def test_a_run_whose_answers_are_kept_decodes_no_film(
    tmp_path: Path, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(tmp_path / "q.json", [MSRVTT])
    wish = {"data": f"msrvtt-qa:{path}", "videos": films(tmp_path, film, "video7010.mp4"), "out": tmp_path / "out"}
    first = asked(monkeypatch, Knowing(), **wish)
    monkeypatch.setattr(media_files, "_run", lambda *_: pytest.fail("decoded"))
    again = asked(monkeypatch, Knowing(), **wish)
    assert {**first, "times": None} == {**again, "times": None}


def test_a_model_that_must_see_is_not_asked_without_films(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path / "q.json", [MSRVTT])
    with pytest.raises(ValueError, match="add --videos"):
        asked(monkeypatch, Knowing(), data=f"msrvtt-qa:{path}", out=tmp_path / "out")


def test_videos_go_with_annotations_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="--videos goes with published annotations"):
        asked(monkeypatch, Knowing(), data="org/name", videos=tmp_path, out=tmp_path / "out")


@pytest.mark.slow
def test_a_film_that_hangs_leaves_its_questions_with_the_reason_and_the_others_go_on(
    tmp_path: Path, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{**MSRVTT, "id": at, "video_id": at} for at in (1, 2)]
    put(tmp_path / "test_qa.json", rows)
    folder = films(tmp_path / "films", film, "video1.mp4", "video2.mp4")
    monkeypatch.setattr(media_files, "COMMAND", [sys.executable, "-P", "-c", HANGS])
    monkeypatch.setattr(media, "read_film", partial(media.read_film, time_limit_s=LIMIT_S))
    model = Knowing()
    place = f"msrvtt-qa:{tmp_path / 'test_qa.json'}"
    counts = asked(monkeypatch, model, data=place, videos=folder, out=tmp_path / "out")["tasks"]["qa_open"]["counts"]
    assert (counts["items"], counts["unanswered"]) == (2, 1)
    (reason,) = counts["reasons"]
    assert f"video1.mp4 took longer than {LIMIT_S:g} s" in reason
