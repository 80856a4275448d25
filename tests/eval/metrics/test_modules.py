"""The five metrics, loaded by `evaluate` from the checkout: their examples run, their numbers are the core's."""

import doctest
import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from moviellm.eval.core import bradley_terry, dense_caption_scores, grounding_scores, group_score
from moviellm.eval.metrics.bundling import HERE, names
from tests.eval.metrics.conftest import Load

ROOT = Path(__file__).resolve().parents[3]
NAMES = ["dense_captioning", "judged_accuracy", "mc_group", "pairwise_bt", "temporal_grounding"]
JUDGE = "a-judge-2026-03/rubric-3"
TRUTH = [{"span": [0, 4], "caption": "a man runs"}, {"span": [4, 9], "caption": "he falls into the river"}]


@pytest.fixture
def metric(load: Load) -> Callable[[str], Any]:
    """A metric by its name; in memory, since `evaluate` keeps a lock on its file after an error."""
    return lambda name: load(f"eval/metrics/{name}", keep_in_memory=True)


def test_there_are_five() -> None:
    assert names() == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_of_a_metric_run(name: str, metric: Load) -> None:
    examples = doctest.DocTestParser().get_doctest(metric(name).inputs_description, {}, name, None, 0)
    assert examples.examples
    assert doctest.DocTestRunner().run(examples).failed == 0


@pytest.mark.parametrize("name", NAMES)
def test_a_metric_says_what_it_is_and_whose(name: str, metric: Load) -> None:
    loaded = metric(name)
    assert loaded.name == name
    assert len(loaded.description) > 100
    assert "@" in loaded.citation
    assert loaded.info.reference_urls


@pytest.mark.parametrize("name", NAMES)
def test_the_example_of_the_page_is_scored_as_json(name: str, metric: Load) -> None:
    example = json.loads((HERE / name / "example.json").read_text(encoding="utf-8"))
    assert example["metric"] == name
    assert json.dumps(metric(name).compute(**example["inputs"]), allow_nan=False)


@pytest.mark.parametrize("name", NAMES)
def test_the_readme_of_a_space_holds_what_the_hub_asks(name: str) -> None:
    _, head, text = (HERE / name / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    facts = yaml.safe_load(head)
    assert (facts["sdk"], facts["app_file"], facts["license"]) == ("gradio", "app.py", "apache-2.0")
    assert f"gradio=={facts['sdk_version']}" in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert len(facts["short_description"]) <= 60
    assert {"evaluate", "metric"} <= set(facts["tags"])
    assert text.strip().startswith(f"# {facts['title']}")


@pytest.mark.parametrize("name", NAMES)
def test_the_python_of_a_readme_runs_and_gives_the_scores_of_its_table(
    name: str, load: Load, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (HERE / name / "README.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    exec(compile(code, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    first = re.findall(r"^\| `([^`@]+)", text, re.MULTILINE)[0]
    assert first in printed


def test_spans_have_the_scores_of_the_core(metric: Load) -> None:
    preds, golds = [[3.0, 7.0], [1.25, 1.5], []], [[3.5, 8.0], [1.0, 2.0], [0.0, 4.0]]
    found = metric("temporal_grounding").compute(predictions=preds, references=golds)
    core = grounding_scores({"a": preds[0], "b": preds[1]}, dict(zip("abc", golds, strict=True)))
    assert found == {**core, "without_span": 1}


def test_spans_pass_in_full_precision(metric: Load) -> None:
    found = metric("temporal_grounding").compute(predictions=[[0.0, 0.3]], references=[[0.0, 1.0]])
    assert (found["miou"], found["r1@0.3"]) == (0.3, 1.0)


def test_spans_are_read_from_texts(metric: Load) -> None:
    said = ["From 0:03 to 0:07.", "I cannot tell."]
    found = metric("temporal_grounding").compute(predictions=said, references=[[3, 7], [0, 4]])
    assert (found["miou"], found["without_span"]) == (0.5, 1)


@pytest.mark.parametrize("bad", [[math.nan, 2], [1, math.inf]])
def test_a_time_that_is_no_finite_number_is_an_error(bad: list[float], metric: Load) -> None:
    with pytest.raises(ValueError, match="only finite numbers count"):
        metric("temporal_grounding").compute(predictions=[bad], references=[[1, 2]])


def test_predictions_may_come_in_batches(metric: Load) -> None:
    loaded = metric("temporal_grounding")
    loaded.add(prediction=[3, 7], reference=[3, 7])
    loaded.add_batch(predictions=[[0, 1]], references=[[5, 6]])
    assert loaded.compute()["miou"] == 0.5


def test_events_have_the_scores_of_the_core(metric: Load) -> None:
    films = [[{"span": [4.5, 9], "caption": "he falls"}, TRUTH[0]], []]
    found = metric("dense_captioning").compute(predictions=films, references=[TRUTH, TRUTH])
    core = dense_caption_scores({"a": films[0]}, {"a": TRUTH, "b": TRUTH}, with_meteor=False)
    assert found == {**core, "n": 2}


def test_meteor_is_nothing_unless_it_is_asked_for(metric: Load) -> None:
    found = metric("dense_captioning").compute(predictions=[TRUTH], references=[TRUTH])
    assert (found["meteor"], found["meteor_reason"]) == (None, "not asked for")


def test_a_group_counts_only_if_all_of_it_is_right(metric: Load) -> None:
    found = metric("mc_group").compute(predictions=[1, 0, 2, -1], references=[1, 0, 2, 0], groups=["a", "a", "b", "b"])
    counts = {"n": 4, "n_groups": 2, "without_choice": 1}
    assert found == {"accuracy": 0.75, "group_accuracy": 0.5, **counts}


def test_groups_of_four_have_the_values_of_video_mme_v2(metric: Load) -> None:
    found = metric("mc_group").compute(
        predictions=[0, 0, 0, 1, 0, 0, 1, 1],
        references=[0] * 8,
        groups=["a"] * 4 + ["b"] * 4,
        structures={"a": [1, 2, 3, 4], "b": "relevance"},
    )
    given = [{"structure": [1, 2, 3, 4], "correct": [1, 1, 1, 0]}, {"structure": "relevance", "correct": [1, 1, 0, 0]}]
    assert found["structured"] == group_score(given)["score"]


def test_choices_are_read_from_texts_and_an_error_message_is_none(metric: Load) -> None:
    said = ["The answer is (B).", "Failed to obtain answer via API."]
    found = metric("mc_group").compute(
        predictions=said, references=[1, 0], groups=["a", "b"], options=[["red", "blue"]] * 2
    )
    assert (found["accuracy"], found["without_choice"]) == (0.5, 1)


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ({"predictions": ["A", "B"]}, "2 texts and none lists of options"),
        ({"predictions": [0, 1], "structures": {"c": "relevance"}}, "name other groups"),
    ],
)
def test_choices_that_cannot_be_scored_are_refused(more: dict[str, Any], what: str, metric: Load) -> None:
    with pytest.raises(ValueError, match=what):
        metric("mc_group").compute(references=[0, 1], groups=["a", "b"], **more)


def test_a_score_names_its_judge(metric: Load) -> None:
    found = metric("judged_accuracy").compute(predictions=[1, 0, 1, 1], judge=JUDGE, clusters=["a", "a", "b", "c"])
    assert found[f"judged_accuracy@{JUDGE}"] == 0.75
    assert found["low"] <= 0.75 <= found["high"]


@pytest.mark.parametrize("judge", ["", "gpt", "/rubric-3", "a judge/rubric"])
def test_a_judge_without_a_full_name_is_refused(judge: str, metric: Load) -> None:
    with pytest.raises(ValueError, match="it is MODEL/RUBRIC"):
        metric("judged_accuracy").compute(predictions=[1], judge=judge)


def test_one_in_a_hundred_may_be_unscored_and_counts_neither_way(metric: Load) -> None:
    found = metric("judged_accuracy").compute(predictions=[None] + [1, 1, 0] * 33, judge=JUDGE)
    assert found[f"judged_accuracy@{JUDGE}"] == pytest.approx(2 / 3)
    assert (found["unscored"], found["reason"]) == (1, None)


def test_more_unscored_leave_no_score(metric: Load) -> None:
    found = metric("judged_accuracy").compute(predictions=[None, None] + [1] * 98, judge=JUDGE, human=[1] * 100)
    assert [found[key] for key in (f"judged_accuracy@{JUDGE}", "low", "ppi", "rogan_gladen")] == [None] * 4
    assert found["reason"] == "2 of 100 unscored (2.0 %); more than 1 % leaves no score"


def test_what_people_say_corrects_a_kind_judge(metric: Load) -> None:
    people = [1, 0, 1, 0, 1, 0, 1, 0]
    verdicts = [1, 1, 1, 0, 1, 1, 1, 0] + [1] * 6 + [0] * 2
    found = metric("judged_accuracy").compute(predictions=verdicts, judge=JUDGE, human=people + [None] * 8)
    assert (found["sensitivity"], found["specificity"]) == (1.0, 0.5)
    assert found["rogan_gladen"] == 0.5
    assert found["ppi"] < found[f"judged_accuracy@{JUDGE}"] == 0.75


@pytest.mark.parametrize("bad", [2.0, -1.0, math.nan])
def test_a_verdict_lies_between_0_and_1(bad: float, metric: Load) -> None:
    with pytest.raises(ValueError, match="a verdict lies between 0 and 1|only finite numbers"):
        metric("judged_accuracy").compute(predictions=[bad], judge=JUDGE)


def test_ratings_are_those_of_the_core(metric: Load) -> None:
    games = [("x", "y", "a"), ("y", "x", "a"), ("x", "y", "tie"), ("x", "z", "b"), ("z", "x", "b")]
    one, other, verdict = (list(column) for column in zip(*games, strict=True))
    found = metric("pairwise_bt").compute(model_a=one, model_b=other, verdict=verdict, anchor="y")
    assert {key: found[key] for key in ("ratings", "estimable", "reason")} == bradley_terry(games, "y")
    assert found["n"] == 5


def test_only_a_win_in_both_orders_is_a_win_and_the_unjudged_are_no_games(metric: Load) -> None:
    found = metric("pairwise_bt").compute(
        model_a=["x"] * 4,
        model_b=["y"] * 4,
        verdict=["a", "a", "b", "unjudged"],
        swapped=["a", "b", "b", "a"],
        anchor="y",
    )
    assert found["win_rates"] == {"x": 0.5, "y": 0.5}
    assert (found["n"], found["unjudged"], found["disagreement"]) == (3, 1, pytest.approx(1 / 3))


def test_ratings_need_an_anchor(metric: Load) -> None:
    with pytest.raises(ValueError, match="anchor is missing"):
        metric("pairwise_bt").compute(model_a=["x"], model_b=["y"], verdict=["a"])
