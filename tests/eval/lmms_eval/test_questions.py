"""questions.py and the task files: what is asked, shown and scored is that of `moviellm eval run`."""

import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from moviellm.eval.lmms_eval import TASKS, logs, questions
from moviellm.eval.lmms_eval.questions import UNREAD, Place
from moviellm.eval.tasks.items import choose, open_data
from moviellm.eval.tasks.table import FOUR, task_named
from moviellm.generation.cli.app import call
from tests.eval.running.movies import gold_texts

FILES = {"moviellm_mc": "qa_mc", "moviellm_open": "qa_open", "moviellm_grounding": "grounding",
         "moviellm_dense": "dense_captioning"}  # fmt: skip
OURS = {"as_film": True}


@pytest.fixture
def place(films: Path) -> Place:
    return Place(str(films), None, "test", "seconds")


class _Loader(yaml.SafeLoader):
    """Reads names of functions as text."""


_Loader.add_constructor("!function", lambda loader, node: loader.construct_scalar(node))


def read(name: str) -> dict[str, Any]:
    path = TASKS / "moviellm" / f"{name}.yaml"
    found = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    assert isinstance(found, dict)
    return found


def utils(monkeypatch: pytest.MonkeyPatch, films: Path) -> Any:
    """utils.py as lmms-eval loads it: by its path."""
    import importlib.util

    monkeypatch.setenv("MOVIELLM_DATA", str(films))
    spec = importlib.util.spec_from_file_location("utils", TASKS / "moviellm" / "utils.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_function_that_a_task_file_names_is_there(monkeypatch: pytest.MonkeyPatch, films: Path) -> None:
    found = utils(monkeypatch, films)
    texts = [path.read_text(encoding="utf-8") for path in (TASKS / "moviellm").glob("*.yaml")]
    names = {line.split("utils.")[1].split(",")[0].strip() for text in texts for line in text.splitlines()
             if "utils." in line}  # fmt: skip
    assert len(names) > 30
    assert all(hasattr(found, name) for name in names)
    assert not hasattr(found, "qa_mc_median")


@pytest.mark.parametrize(("name", "task"), FILES.items())
def test_a_task_file_has_every_number_of_its_task_and_its_length(name: str, task: str) -> None:
    made = read(name)
    wanted = {number: f"utils.{questions.slug(task, number)}" for number in (*questions.numbers_of(task), UNREAD)}
    assert {one["metric"]: one["aggregation"] for one in made["metric_list"]} == wanted
    assert [one["metric"] for one in made["metric_list"] if not one["higher_is_better"]] == [UNREAD]
    assert made["process_docs"] == f"utils.{task}_docs" and made["process_results"] == f"utils.{task}_process"
    assert made["generation_kwargs"]["max_new_tokens"] == (1024 if task == "dense_captioning" else 128)


def test_the_group_holds_the_four(films: Path) -> None:
    assert read("moviellm")["task"] == ["moviellm_mc", "moviellm_grounding", "moviellm_open", "moviellm_dense"]
    assert set(FILES.values()) == set(FOUR)


def test_our_model_gets_the_movie_and_the_bare_question(place: Place) -> None:
    doc = {"question_id": "m00001-q001", "movie_id": "m00001"}
    assert questions.to_visual(place, doc, OURS) == [f"{place.data}#m00001"]
    asked = "When does Ada first hold the key? Give the start and the end in seconds."
    assert questions.to_text(place, doc, OURS) == asked


def test_other_models_get_pictures_and_are_told_times_and_what_is_said(place: Place) -> None:
    doc = {"question_id": "m00001-q001", "movie_id": "m00001"}
    told = {"frames": 2, "as_film": False}
    assert [picture.size for picture in questions.to_visual(place, doc, told)] == [(64, 36)] * 2
    text = questions.to_text(place, doc, told)
    assert text.startswith(
        "A movie of 16.0 s. Its 2 pictures are shown from these seconds on: 0.0, 12.0.\nWhat is said"
    )
    assert text.endswith("\n\nWhen does Ada first hold the key? Give the start and the end in seconds.")


def test_a_follow_up_stands_behind_what_it_follows(place: Place) -> None:
    text = questions.to_text(place, {"question_id": "m00000-q003", "movie_id": "m00000"}, OURS)
    assert text == "Who keeps the key?\nAda\n\nAnd how many keys? Keep it short."


def test_times_as_hundredths_are_asked_and_read_so(films: Path) -> None:
    place = Place(str(films), None, "test", "index")
    doc = {"question_id": "m00000-q001", "movie_id": "m00000"}
    assert questions.to_text(place, doc, OURS).endswith("Give the start and the end.")
    assert questions.process(place, "grounding", doc, ["25 to 50"])["miou"]["score"] == 1.0


def test_rows_of_other_tasks_are_left_out(place: Place) -> None:
    class Rows(dict[str, list[str]]):
        def select(self, numbers: list[int]) -> list[str]:
            return [self["question_id"][number] for number in numbers]

    data = open_data(place.data, split="test")
    rows = Rows(question_id=[*reversed(data.questions), "unknown"])
    wanted = [one.item_id for one in choose(data, task_named("qa_mc"))]
    assert sorted(questions.docs_of(place, "qa_mc", rows)) == sorted(wanted)


def half_right(films: Path) -> dict[str, str]:
    """Answers of which every third is nonsense."""
    gold = gold_texts(films)
    return {name: "hm" if number % 3 == 1 else text for number, (name, text) in enumerate(gold.items())}


@pytest.fixture(scope="module")
def replayed(films: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `moviellm eval run` makes of those answers."""
    folder = tmp_path_factory.mktemp("replayed")
    (folder / "said.json").write_text(json.dumps(half_right(films)), encoding="utf-8")
    model = f"replay:{folder / 'said.json'}"
    assert call(["eval", "run", "--model", model, "--data", str(films), "--out", str(folder / "out")]) == 0
    found: dict[str, Any] = json.loads((folder / "out" / "results.json").read_bytes())["tasks"]
    return found


@pytest.mark.parametrize("task", FOUR)
def test_numbers_are_those_of_eval_run(place: Place, films: Path, replayed: dict[str, Any], task: str) -> None:
    said = half_right(films)
    ids = [one.item_id for one in choose(questions.opened(place), task_named(task))]
    items = [questions.process(place, task, {"question_id": name}, [said[name]]) for name in ids]
    made = {
        name: questions.aggregate(place, task, name, [item[name] for item in items])
        for name in questions.numbers_of(task)
    }
    wanted = {name: number["value"] for name, number in replayed[task]["metrics"].items()}
    assert {name: value for name, value in made.items() if not math.isnan(value)} == wanted
    assert 0 < made[replayed[task]["headline"]] < 1


def test_an_answer_that_cannot_be_read_scores_nothing_and_is_counted(place: Place) -> None:
    found = questions.process(place, "qa_mc", {"question_id": "m00000-q000"}, ["hm"])
    assert found["accuracy"]["score"] == 0.0 and found[UNREAD]["score"] == 1.0
    assert questions.aggregate(place, "qa_mc", UNREAD, [found[UNREAD]]) == 1.0


@pytest.mark.parametrize(
    ("told", "reason"),
    [({}, "names no dataset"), ({"MOVIELLM_DATA": "a/b", "MOVIELLM_TIMES": "hours"}, "MOVIELLM_TIMES is 'hours'")],
)
def test_an_environment_that_says_too_little_is_refused(told: dict[str, str], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Place.of_environment(told)


def test_the_environment_names_revision_and_split() -> None:
    told = {"MOVIELLM_DATA": "a/b", "MOVIELLM_REVISION": "v1.0.0", "MOVIELLM_SPLIT": "validation"}
    place = Place.of_environment(told)
    assert (place.options, place.split) == ({"revision": "v1.0.0"}, "validation")
    assert Place.of_environment({"MOVIELLM_DATA": "a/b"}).options == {}


def test_a_movie_on_the_hub_is_shown_at_its_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    from moviellm.eval.lmms_eval.visuals import source_of

    place = Place("org/name", "v1.0.0", "test", "seconds")
    monkeypatch.setattr(questions, "opened", lambda place: SimpleNamespace(commit="c" * 40))
    (shown,) = questions.to_visual(place, {"movie_id": "m00001"}, OURS)
    source = source_of([shown])
    assert source is not None
    assert (source.value, source.revision) == ("org/name#m00001", "c" * 40)  # type: ignore[union-attr]


def log(path: Path, rows: dict[str, str]) -> Path:
    lines = [json.dumps({"unread": {"id": name}, "filtered_resps": said}) for name, said in rows.items()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_logs_become_predictions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [log(tmp_path / "a.jsonl", {"m0-q0": "B"}), log(tmp_path / "b.jsonl", {"m0-q1": "4 to 8"})]
    assert logs.main([str(path) for path in paths]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert rows == [{"id": "m0-q0", "answer": "B"}, {"id": "m0-q1", "answer": "4 to 8"}]


def test_logs_of_two_runs_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [log(tmp_path / name, {"m0-q0": "B"}) for name in ("a.jsonl", "b.jsonl")]
    assert logs.main([str(path) for path in paths]) == 2
    told = capsys.readouterr()
    assert "m0-q0 was answered in" in told.err and told.out == ""


def test_logs_of_other_tasks_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.jsonl").write_text('{"filtered_resps": "B"}\n', encoding="utf-8")
    assert logs.main([str(tmp_path / "a.jsonl")]) == 2
    assert "line 1 is no answer of a moviellm task" in capsys.readouterr().err
