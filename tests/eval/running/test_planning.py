"""`moviellm eval run --dry-run`: what would be asked and cost, and nothing else."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from moviellm.eval.running import checkpoint
from moviellm.generation.cli.app import call
from moviellm.training.media.movies import Movies
from tests.eval.published.files import MSRVTT, put
from tests.eval.running.movies import choice, gold_texts, make_dataset, movie
from tests.generation.imports.films.filmkit import make_film
from tests.servers.openai_double import Double, openai_double

PRICES = 'id: mine\ndate: "2026-11-01"\nmodels: {eyes: {in: 10.0, out: 30.0}}\n'


@pytest.fixture
def stand_in(tmp_path: Path) -> Path:
    """A folder that passes for a checkpoint as long as nobody loads it."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text("{}", encoding="utf-8")
    return folder


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Double]:
    """A server that says yes to everything, and its prices."""
    (tmp_path / "prices.yaml").write_text(PRICES, encoding="utf-8")
    with openai_double() as double:
        monkeypatch.setenv("OPENAI_BASE_URL", double.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
        monkeypatch.setenv("MOVIELLM_PRICES", str(tmp_path / "prices.yaml"))
        yield double


def run(*arguments: object) -> int:
    return call(["eval", "run", *map(str, arguments)])


def plan_of(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    capsys.readouterr()
    assert run(*arguments, "--dry-run", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def test_tasks_and_controls_are_counted_with_their_movies_and_frames(
    films: Path, stand_in: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wish = ("--model", stand_in, "--data", films, "--frames", 3, "--controls", "all", "--out", tmp_path / "out")
    plan = plan_of(capsys, *wish)
    assert plan["tasks"]["qa_open"] == {"questions": 18, "movies": 6}
    assert plan["tasks"]["qa_mc"] == {"questions": 10, "movies": 6}
    assert plan["data"]["questions"] == 40 and plan["frames"]["n"] == 3
    sees, middle = plan["controls"]["none"], plan["controls"]["single-frame"]
    assert (sees["questions"], sees["movies"], sees["kept"], sees["to_ask"], sees["calls"]) == (40, 6, 0, 40, 40)
    assert sees["frames"] == {"least": 3, "most": 3, "of_all_movies": 18}
    assert middle["frames"]["of_all_movies"] == 6
    blind = ("question-only", "title-only", "dialogue-only")
    assert {plan["controls"][name]["frames"]["most"] for name in blind} == {0}
    assert plan["controls"]["random"] == {"asks_model": False, "questions": 40, "movies": 6}
    assert plan["costs"] is None


def test_nothing_is_loaded_and_nothing_is_written(
    films: Path, stand_in: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def loaded(_: object) -> None:
        raise AssertionError("weights were loaded")

    monkeypatch.setattr(checkpoint.Checkpoint, "_opened", loaded)
    monkeypatch.setattr("moviellm.training.media.movies.DatasetPictures.data", loaded)
    before = sorted(tmp_path.rglob("*"))
    assert run("--model", stand_in, "--data", films, "--controls", "all", "--out", tmp_path / "out", "--dry-run") == 0
    said = capsys.readouterr().out
    assert sorted(tmp_path.rglob("*")) == before
    assert "split test: 40 questions of 6 movies" in said and "without a model: random, majority, oracle" in said
    assert said.strip().endswith("nothing was asked and nothing was written")


def test_a_plan_is_what_the_run_then_asks(
    server: Double, films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wish = ("--model", "openai:eyes", "--data", films, "--tasks", "qa_open", "--out", tmp_path / "out")
    wish = (*wish, "--controls", "question-only,dialogue-only")
    plan = plan_of(capsys, *wish)
    assert not server.requests and not (tmp_path / "out").exists()
    assert run(*wish, "--json") == 0
    done = json.loads(capsys.readouterr().out)
    assert plan["costs"]["calls"] == len(server.requests) == done["cost"]["calls"]
    assert (plan["controls"]["none"]["calls"], plan["controls"]["question-only"]["calls"]) == (18, 3)
    assert plan["costs"]["prices"] == "mine 2026-11-01"
    assert 0 < plan["costs"]["usd"] <= plan["costs"]["usd_most"] and done["cost"]["usd"] <= plan["costs"]["usd_most"]


def test_what_is_kept_is_counted_as_there(
    server: Double, films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wish = ("--model", "openai:eyes", "--data", films, "--controls", "none", "--out", tmp_path / "out")
    assert run(*wish, "--tasks", "qa_open", "--limit", 6) == 0
    calls = len(server.requests)
    plan = plan_of(capsys, *wish, "--tasks", "qa_open,qa_mc")
    sees = plan["controls"]["none"]
    assert (sees["kept"], sees["to_ask"]) == (calls, 28 - calls)
    assert sees["tasks"]["qa_mc"] == {"kept": 0, "to_ask": 10}
    assert plan["costs"]["spent_usd"] > 0
    assert plan_of(capsys, *wish, "--tasks", "qa_open", "--limit", 6)["costs"]["calls"] == 0


def test_other_frames_or_another_model_find_nothing_kept(
    server: Double, films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wish = ("--data", films, "--tasks", "qa_open", "--limit", 2, "--controls", "none", "--out", tmp_path / "out")
    assert run("--model", "openai:eyes", *wish) == 0
    assert plan_of(capsys, "--model", "openai:eyes", *wish)["controls"]["none"]["kept"] == 2
    assert plan_of(capsys, "--model", "openai:eyes", *wish, "--frames", 2)["controls"]["none"]["kept"] == 0
    assert plan_of(capsys, "--model", "openai:ears", *wish)["controls"]["none"]["kept"] == 0


def test_a_budget_that_will_not_do_is_said(
    server: Double, films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wish = ("--model", "openai:eyes", "--data", films, "--out", tmp_path / "out", "--max-usd", "0.001", "--dry-run")
    assert run(*wish) == 0
    said = capsys.readouterr().out
    assert "by estimate: 40 calls (about" in said and "by mine 2026-11-01" in said
    assert "more than --max-usd 0.001 leaves" in said


def test_a_file_of_answers_says_what_it_lacks(films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    known = gold_texts(films)
    del known["m00000-q002"]
    (tmp_path / "some.json").write_text(json.dumps(known), encoding="utf-8")
    wish = ("--model", f"replay:{tmp_path / 'some.json'}", "--data", films, "--out", tmp_path / "out")
    sees = plan_of(capsys, *wish)["controls"]["none"]
    assert (sees["asks_model"], sees["kept"], sees["to_ask"], sees["calls"]) == (False, 39, 0, 0)
    assert sees["unanswered"] == {"not in the replay file": 1}


def refusing(film: Callable[..., Any], lacking: str) -> Callable[..., Any]:
    def one(movies: Movies, movie_id: str, policy: Any) -> Any:
        if movie_id == lacking:
            raise ValueError(f"{movie_id} has no pictures")
        return film(movies, movie_id, policy)

    return one


def test_a_movie_without_pictures_is_said_with_its_reason(
    films: Path, stand_in: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Movies, "film", refusing(Movies.film, "m00001"))
    plan = plan_of(capsys, "--model", stand_in, "--data", films, "--tasks", "qa_open", "--out", tmp_path / "out")
    sees = plan["controls"]["none"]
    assert (sees["to_ask"], sees["unanswered"], len(sees["tasks"])) == (15, {"m00001 has no pictures": 3}, 1)


@pytest.mark.parametrize(
    "options",
    [
        ["--tasks", "qa_mcq"],
        ["--split", "tset"],
        ["--limit", "0"],
        ["--frames", "4", "--fps", "1"],
        ["--controls", "shufled"],
        ["--times", "minutes"],
        ["--revision", "v1"],
        ["--data", "nowhere/at/all"],
        ["--model", "no-such/model/here"],
        ["--model", "replay:nowhere.json"],
        ["--model", "replay:"],
        ["--model", "openai:"],
        ["--model", "openai:eyes", "--max-usd", "1"],
        ["--dtype", "float8"],
        ["--videos", "somewhere"],
    ],
)
def test_what_a_run_refuses_is_refused_in_the_same_words(
    films: Path,
    stand_in: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    said = []
    for more in ([], ["--dry-run"]):
        wish = ["--model", stand_in, "--data", films, "--out", tmp_path / "out", *options, *more]
        assert run(*wish) == 2
        said.append(capsys.readouterr().err)
    assert said[0] == said[1] and len(said[0].strip().splitlines()) == 1


@pytest.mark.parametrize("more", [[], ["--dry-run"]])
def test_a_folder_that_is_no_checkpoint_and_an_out_that_is_a_file_are_refused(
    films: Path, stand_in: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str]
) -> None:
    (tmp_path / "empty").mkdir()
    assert run("--model", tmp_path / "empty", "--data", films, "--out", tmp_path / "out", *more) == 2
    assert "is no checkpoint: it has no config.json" in capsys.readouterr().err
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert run("--model", stand_in, "--data", films, "--out", tmp_path / "file", *more) == 2
    assert "is a file, not a run folder; choose another --out" in capsys.readouterr().err


def test_no_cluster_is_called(films: Path, stand_in: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wish = ("--model", stand_in, "--data", films, "--out", tmp_path / "out", "--on", "ray://127.0.0.1:9")
    assert plan_of(capsys, *wish)["controls"]["none"]["to_ask"] == 40


@pytest.mark.slow  # a film is made
def test_of_film_files_only_the_length_is_read(
    tmp_path: Path, stand_in: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    films = tmp_path / "films"
    films.mkdir()
    make_film(films / "video1.mp4", [("red", 2.0), ("green", 4.0)], rate=2)
    monkeypatch.setattr("moviellm.training.media.reading.read_file", None)
    told = put(tmp_path / "qa.json", [{**MSRVTT, "video_id": 1}])
    wish = ("--model", stand_in, "--data", f"msrvtt-qa:{told}", "--videos", films, "--fps", 1)
    sees = plan_of(capsys, *wish, "--out", tmp_path / "out")["controls"]["none"]
    assert (sees["to_ask"], sees["frames"]["most"]) == (1, 6)


def test_a_task_without_questions_is_shown_with_none(
    stand_in: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = (choice(0, 0, "Which?", ("a", "b"), 0),)
    data = make_dataset(tmp_path / "data", [movie(0).model_copy(update={"qa_pairs": asked})])
    plan = plan_of(capsys, "--model", stand_in, "--data", data, "--tasks", "qa_mc,qa_open", "--out", tmp_path / "out")
    assert plan["tasks"] == {"qa_mc": {"questions": 1, "movies": 1}, "qa_open": {"questions": 0, "movies": 0}}
