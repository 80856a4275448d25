"""The page of a Space: scores for JSON, words for what is none, and it opens under gradio 6."""

import json
from pathlib import Path
from typing import Any

import pytest

from moviellm.eval.metrics.app import CHARACTERS_MAX, page, scores_of
from moviellm.eval.metrics.bundling import bundle
from tests.eval.metrics.conftest import Load


@pytest.fixture
def metric(load: Load) -> Any:
    """A metric."""
    return load("eval/metrics/mc_group", keep_in_memory=True)


def test_inputs_as_json_have_scores_as_json(metric: Any) -> None:
    inputs = {"predictions": [0, 1], "references": [0, 0], "groups": ["a", "b"]}
    assert json.loads(scores_of(json.dumps(inputs), metric))["accuracy"] == 0.5


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "Expecting value"),
        ("[1]", "give one JSON object"),
        ("[" * 100_000, "nested too deep"),
        (" " * (CHARACTERS_MAX + 1), "this page takes 1,000,000"),
        ('{"predictions": [0], "references": [0, 1], "groups": ["a"]}', "Mismatch in the number of"),
        ('{"predictions": [0]}', "inputs are missing"),
        ('{"predictions": [], "references": [], "groups": []}', "out of range"),
    ],
)
def test_inputs_that_cannot_be_scored_are_told_in_words(text: str, what: str, metric: Any) -> None:
    assert what in scores_of(text, metric)


def test_the_page_of_a_bundle_opens_and_computes(load: Load, tmp_path: Path) -> None:
    # A folder with another name than the metric's, as on the Hub.
    for path, text in bundle("pairwise_bt", "org/pairwise_bt").items():
        (tmp_path / path).write_text(text, encoding="utf-8")
    blocks = page(tmp_path)
    (compute,) = [action.fn for action in blocks.fns.values() if action.api_name == "compute"]
    example = json.loads((tmp_path / "example.json").read_text(encoding="utf-8"))
    assert round(json.loads(compute(json.dumps(example["inputs"])))["ratings"]["ours"]) == 1120
