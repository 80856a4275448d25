"""Drift: verdicts held against those of an earlier gate."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from moviellm.eval.judging.gate_anchors import anchors_of, drift_of, read_anchors
from moviellm.eval.judging.gate_criteria import Asked
from moviellm.eval.judging.gate_labels import Labels, read_labels
from tests.eval.judging.gate_kit import asked_of, built_in_gate

VERSION = "judge-2026-03-17"


def _left(folder: Path, asked: Sequence[Asked], version: str = VERSION) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "gate.json").write_text(json.dumps({"judge": {"name": "judge", "version": version}}))
    (folder / "anchors.jsonl").write_text("".join(json.dumps(row) + "\n" for row in anchors_of(asked)))
    return folder


def test_the_same_judge_has_not_drifted(tmp_path: Path) -> None:
    before = read_anchors(_left(tmp_path, built_in_gate("good")))
    criterion, facts = drift_of(built_in_gate("good"), before, VERSION)
    assert (criterion.passed, criterion.value, facts["anchors"], facts["changed"]) == (True, 1.0, 50, [])


def test_a_judge_that_judges_otherwise_has_and_its_changes_are_named(tmp_path: Path) -> None:
    before = read_anchors(_left(tmp_path, built_in_gate("good")))
    criterion, facts = drift_of(built_in_gate("length"), before, VERSION)
    assert not criterion.passed and criterion.reason is None
    assert len(facts["changed"]) == round((1 - facts["same"]) * 50)
    assert {"id", "order", "was", "now"} == set(facts["changed"][0])


def test_a_verdict_that_is_gone_has_changed(tmp_path: Path) -> None:
    before = read_anchors(_left(tmp_path, built_in_gate("good")))
    criterion, facts = drift_of(built_in_gate("refuses"), before, VERSION)
    assert criterion.value == 0.0 and facts["changed"][0]["now"] is None


def test_another_version_behind_the_name_is_another_judge(tmp_path: Path) -> None:
    before = read_anchors(_left(tmp_path, built_in_gate("good"), "judge-2026-01-01"))
    criterion, _ = drift_of(built_in_gate("good"), before, VERSION)
    assert not criterion.passed
    assert criterion.reason == (
        "it is served as judge-2026-03-17 now, and was judge-2026-01-01: another judge, to be admitted anew"
    )


def test_other_labels_share_no_anchors(tmp_path: Path) -> None:
    labels = read_labels(["built-in"])
    before = read_anchors(_left(tmp_path, built_in_gate("good")))
    few = asked_of("good", Labels(("few.jsonl",), labels.answers[:10], ()))
    criterion, _ = drift_of(few, before, VERSION)
    assert not criterion.passed and "use its labels and rubrics" in str(criterion.reason)


def test_anchors_are_the_same_draw_whoever_judges() -> None:
    good, random = (anchors_of(built_in_gate(name)) for name in ("good", "random"))
    assert [row["asked"] for row in good] == [row["asked"] for row in random]
    assert [row["verdict"] for row in good] != [row["verdict"] for row in random]


@pytest.mark.parametrize("text", [None, "{}", "[1]", "{"])
def test_a_folder_without_a_gate_is_said(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        _left(tmp_path, built_in_gate("good"))
        (tmp_path / "gate.json").write_text(text)
    with pytest.raises(ValueError, match="--against"):
        read_anchors(tmp_path)
