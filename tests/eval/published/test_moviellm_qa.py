"""MovieLLM's own benchmark and its results: questions are read, answers become runs, and judges read those anew."""

import json
from pathlib import Path
from typing import Any

import pytest

from moviellm.eval.judging.judge import judge_run
from moviellm.eval.published.legacy import legacy
from moviellm.eval.published.moviellm_qa import answers_of, read_moviellm_qa
from moviellm.eval.published.opening import open_published
from moviellm.eval.published.rejudging import runs_of
from tests.eval.published.files import put

ASKED = {
    "overview_qa": ["What is it about?"],
    "plot_qa": ["Who leads?", "What then?"],
    "temporal_qa": ["In what order?"],
}


def told(answer: str, title: str = "Children of Men") -> dict[str, Any]:
    rows = {part: [{"Question": one, "Answer": f"{answer} {one}"} for one in asked] for part, asked in ASKED.items()}
    return {"movie_title": title, "QA": rows}


def res(folder: Path, *names: str) -> Path:
    for name in names:
        for film in ("children", "holding"):
            put(folder / name / f"{film}.json", told("right" if name != "baseline" else "wrong"))
    return folder


def test_overview_plot_and_temporal_questions_are_read_by_film(tmp_path: Path) -> None:
    found = read_moviellm_qa(str(res(tmp_path, "ground_truth") / "ground_truth"))
    assert list(found.questions)[:4] == [
        "children-overview-0",
        "children-plot-0",
        "children-plot-1",
        "children-temporal-0",
    ]
    assert [one.question_type for one in found.questions.values()] == ["overview", "plot", "plot", "order"] * 2
    assert found.names["children"] == ("children", "Children of Men")  # what its film may be called


def test_the_folder_of_results_is_read_by_its_references(tmp_path: Path) -> None:
    data = open_published(f"moviellm-qa:{res(tmp_path, 'ground_truth', 'ours')}", None)
    assert len(data.questions) == 8 and data.facts["dataset"] == "moviellm-qa"
    assert answers_of(tmp_path / "ours").keys() == data.questions.keys()


def test_old_answers_become_runs_that_a_judge_can_read(tmp_path: Path) -> None:
    runs = runs_of(res(tmp_path / "res", "ground_truth", "ours", "baseline"), tmp_path / "runs")
    assert [run.name for run in runs] == ["ours", "baseline"]
    numbers = [json.loads((run / "results.json").read_text(encoding="utf-8"))["tasks"] for run in runs]
    assert [one["movie_qa"]["metrics"]["exact_match"]["value"] for one in numbers] == [1.0, 0.0]
    judged = judge_run(runs[0], judges=["lexical"])
    assert judged[0].facts["tasks"]["movie_qa"]["metrics"] and judged[0].facts["valid"]
    again = {run: (run / "answers.jsonl").read_bytes() for run in runs}
    assert runs_of(tmp_path / "res", tmp_path / "runs") == runs
    assert {run: (run / "answers.jsonl").read_bytes() for run in runs} == again


def test_the_verb_says_how_to_judge_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = res(tmp_path / "res", "ground_truth", "ours", "baseline")
    legacy("moviellm", [folder], out=None, as_json=False, runs=tmp_path / "runs")
    said = capsys.readouterr().out
    assert f"moviellm eval judge {tmp_path / 'runs/ours'} --against {tmp_path / 'runs/baseline'}" in said


def test_verdicts_without_answers_cannot_be_judged_anew(tmp_path: Path) -> None:
    put(tmp_path / "judged/a.json", {"QA_res": {}})
    with pytest.raises(ValueError, match="verdicts alone, and cannot be judged again"):
        runs_of(tmp_path / "judged", tmp_path / "runs")
    with pytest.raises(ValueError, match="vcgbench keeps no texts"):
        put(tmp_path / "v_A_0.json", [{"pred": "yes", "score": 4.8}, {}])
        legacy("vcgbench", [tmp_path / "v_A_0.json"], out=None, as_json=False, runs=tmp_path / "runs")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([], "holds a list"),
        ({"movie_title": "A"}, "an object with movie_title"),
        ({"QA": {"music_qa": []}}, "'music_qa' is no part"),
        ({"QA": {"plot_qa": {}}}, "plot_qa is a list"),
        ({"QA": {"plot_qa": [{"Answer": "a"}]}}, "plot_qa 0: no Question"),
        ({"QA": {"plot_qa": [{"Question": " ", "Answer": "a"}]}}, "the question is empty"),
    ],
)
def test_files_of_another_form_are_refused_by_name(tmp_path: Path, value: Any, said: str) -> None:
    put(tmp_path / "a.json", value)
    with pytest.raises(ValueError, match=said):
        read_moviellm_qa(str(tmp_path))


def test_two_files_of_one_film_are_refused(tmp_path: Path) -> None:
    one, two = put(tmp_path / "x/a.json", told("a")), put(tmp_path / "y/a.json", told("b"))
    with pytest.raises(ValueError, match=r"two files are called a\.json"):
        read_moviellm_qa(f"{one},{two}")


def test_answers_to_questions_that_nobody_asked_are_refused(tmp_path: Path) -> None:
    folder = res(tmp_path, "ground_truth", "ours")
    put(folder / "ours" / "other.json", told("a"))
    with pytest.raises(ValueError, match="other-overview-0 answers a question"):
        runs_of(folder, tmp_path / "runs")
