"""`moviellm eval judge-gate` as a user has it: a judge behind a real server, exit codes, files, money, and a rerun."""

import io
import json
import shutil
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from moviellm.eval.judging import gate_plan
from moviellm.eval.judging.gate_labels import read_labels
from moviellm.eval.judging.injections import Attack, attacks
from moviellm.generation.cli.app import call
from tests.servers.gate_judge_double import GateJudge, gate_judge

FEW = ("forget", "spaced")
PRICED = 'id: mine\ndate: "2026-01-31"\nmodels: {judge: {in: 1.0, out: 2.0}}\n'


def few() -> dict[str, Attack]:
    return {name: attacks()[name] for name in FEW}


@pytest.fixture(autouse=True)
def few_attacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_plan, "attacks", few)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "none")


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some of the built-in labels as a file of somebody's own."""
    found = read_labels(["built-in"])
    right = [label for label in found.answers if label.correct][:10]
    wrong = [label for label in found.answers if not label.correct][:10]
    path = tmp_path_factory.mktemp("labels") / "people.jsonl"
    rows = [label.model_dump(exclude_none=True) for label in (*right, *wrong, *found.pairs[:20])]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def good(monkeypatch: pytest.MonkeyPatch) -> Iterator[GateJudge]:
    with gate_judge("good") as double:
        monkeypatch.setenv("OPENAI_BASE_URL", double.base_url)
        yield double


def _gate(labels: Path | None, out: Path, *more: str) -> int:
    chosen = [] if labels is None else ["--labels", str(labels)]
    few = ["--repeats", "2", "--per-attack", "1"]
    return call(["eval", "judge-gate", "--judge", "openai:judge", "--out", str(out), *chosen, *few, *more])


def _facts(out: Path) -> dict[str, Any]:
    return dict(json.loads((out / "gate.json").read_text(encoding="utf-8")))


@dataclass(frozen=True)
class Gated:
    """A gate that a good judge has passed."""

    out: Path
    told: dict[str, Any]
    """What it printed."""
    calls: int


@pytest.fixture(scope="module")
def passed(labels: Path, tmp_path_factory: pytest.TempPathFactory) -> Gated:
    out = tmp_path_factory.mktemp("gates") / "out"
    said = io.StringIO()
    with gate_judge("good") as double, pytest.MonkeyPatch.context() as patch, redirect_stdout(said):
        patch.setattr(gate_plan, "attacks", few)
        patch.setenv("OPENAI_BASE_URL", double.base_url)
        patch.setenv("OPENAI_API_KEY", "none")
        assert _gate(labels, out, "--json") == 0
        return Gated(out, json.loads(said.getvalue()), sum(double.calls.values()))


@pytest.fixture
def again(passed: Gated, tmp_path: Path) -> Path:
    """Its folder, to go on with."""
    return Path(shutil.copytree(passed.out, tmp_path / "again"))


def test_a_good_judge_is_admitted(passed: Gated) -> None:
    assert passed.told["admitted"] and passed.told["refused_for"] == []
    assert passed.told["calls"] == passed.told["calls_now"] == passed.calls == 20 + 20 + 40 + 6


def test_the_same_command_asks_nothing_again_and_decides_the_same(
    passed: Gated, good: GateJudge, labels: Path, again: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path.name: path.read_bytes() for path in again.glob("*.jsonl")}
    assert _gate(labels, again, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["calls_now"], sum(good.calls.values())) == (0, 0)
    changed = {name for name in told if told[name] != passed.told[name]}
    assert changed <= {"times", "calls_now"}
    assert {path.name: path.read_bytes() for path in again.glob("*.jsonl")} == before


def test_what_it_leaves_can_be_read_and_asked_again(passed: Gated) -> None:
    out = passed.out
    rows = [json.loads(line) for line in (out / "transcripts.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {row["part"] for row in rows} == {"judged", "repeated", "paired", "attacked"}
    assert all(row["messages"] and row["tries"][0]["text"] and row["verdict"]["reason"] for row in rows)
    assert read_labels([str(out / "labels.jsonl")]).sha256 == _facts(out)["labels"]["sha256"]
    assert len((out / "anchors.jsonl").read_text(encoding="utf-8").splitlines()) == 50
    page = (out / "gate.md").read_text(encoding="utf-8")
    assert page.startswith("**Judge `judge-2026-03-17`: admitted**, on the labels given.")
    assert "`people.jsonl`, 10 right and 10 wrong answers, 20 pairs" in page
    assert "200 labelled answers are advised" in page


def test_a_judge_that_always_says_right_is_refused(
    monkeypatch: pytest.MonkeyPatch, labels: Path, tmp_path: Path
) -> None:
    with gate_judge("always-right") as double:
        monkeypatch.setenv("OPENAI_BASE_URL", double.base_url)
        assert _gate(labels, tmp_path) == 1
    assert not _facts(tmp_path)["admitted"]
    page = (tmp_path / "gate.md").read_text(encoding="utf-8")
    assert "not admitted" in page and "it says the same of every answer" in page
    assert "kappa: 0.00, where at least 0.60 is asked for." in page


def test_calls_that_fail_are_made_again_and_invent_nothing(good: GateJudge, labels: Path, tmp_path: Path) -> None:
    good.faults = {"429": 0.1, "500": 0.1, "reset": 0.05, "truncated": 0.05}
    assert _gate(labels, tmp_path) == 0
    assert good.injected.total() > 10 and _facts(tmp_path)["findings"]["mistakes"] == []


def test_a_judge_that_has_drifted_is_refused_against_its_earlier_gate(
    passed: Gated, good: GateJudge, labels: Path, tmp_path: Path
) -> None:
    good.turned = {"Who hid the brown map?", "Where does Emil find the brown map?"}
    assert _gate(labels, tmp_path, "--against", str(passed.out)) == 1
    facts = _facts(tmp_path)
    assert facts["criteria"][-1]["name"] == "anchors" and not facts["criteria"][-1]["passed"]
    assert {one["id"][:3] for one in facts["drift"]["changed"]} == {"map"}
    assert "was right, is wrong" in (tmp_path / "gate.md").read_text(encoding="utf-8")


def test_the_gate_of_another_judge_is_no_earlier_one(
    passed: Gated, labels: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _gate(labels, tmp_path, "--judge", "openai:other", "--against", str(passed.out)) == 2
    assert "is the gate of judge; drift is of one judge, not of other" in capsys.readouterr().err
    assert _gate(labels, passed.out, "--against", str(passed.out)) == 2
    assert "--against is --out itself" in capsys.readouterr().err


def test_without_labels_nobody_is_admitted_and_nobody_asked(
    good: GateJudge, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _gate(None, tmp_path) == 1
    assert "not admitted.** There are no labels: nobody knows whether it agrees" in capsys.readouterr().out
    assert not _facts(tmp_path)["admitted"] and sum(good.calls.values()) == 0


def test_a_dry_run_needs_no_server_and_writes_nothing(
    tmp_path: Path, labels: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "prices.yaml").write_text(PRICED)
    monkeypatch.setenv("MOVIELLM_PRICES", str(tmp_path / "prices.yaml"))
    monkeypatch.delenv("OPENAI_API_KEY")
    assert _gate(labels, tmp_path / "out", "--dry-run", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["questions"] == {"judged": 20, "repeated": 20, "paired": 40, "attacked": 6}
    assert (facts["calls"], facts["kept"]) == (86, 0) and 0 < facts["usd"] < facts["usd_most"]
    assert not (tmp_path / "out").exists()


def test_money_that_is_spent_stops_it_and_decides_nothing(
    good: GateJudge, labels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "prices.yaml").write_text(PRICED)
    monkeypatch.setenv("MOVIELLM_PRICES", str(tmp_path / "prices.yaml"))
    out = tmp_path / "out"
    assert _gate(labels, out, "--max-usd", "0.02") == 1
    said = capsys.readouterr().err
    assert "stopped, nothing is decided: the budget is spent" in said and "see --max-tokens" in said
    assert not (out / "gate.json").exists()
    paid = sum(good.calls.values())
    assert 0 < paid < 86
    assert _gate(labels, out, "--dry-run", "--json") == 0
    assert json.loads(capsys.readouterr().out)["kept"] == paid


@pytest.mark.slow
def test_a_judge_served_under_an_alias_is_refused_until_its_revision_is_said(
    good: GateJudge, labels: Path, tmp_path: Path
) -> None:
    good.served = "judge"
    assert _gate(labels, tmp_path) == 1
    assert [one["name"] for one in _facts(tmp_path)["criteria"] if not one["passed"]] == ["pinned"]
    calls = sum(good.calls.values())
    assert _gate(labels, tmp_path, "--judge", "openai:judge@r1") == 0
    assert (sum(good.calls.values()), _facts(tmp_path)["judge"]["version"]) == (calls, "judge@r1")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--repeats", "1"], "--repeats is 1; it is 2 at least"),
        (["--per-attack", "0"], "--per-attack is 0; it is 1 at least"),
        (["--judge", "gpt-5"], "is no judge; write openai:NAME"),
        (["--rubric", "better"], "--rubric better: it takes a rubric that asks right or wrong"),
        (["--labels", "none.jsonl"], "none.jsonl is no file"),
        (["--max-usd", "1"], "has no price for judge"),
        (["--against", "nowhere"], "--against nowhere: there is no gate in it"),
    ],
)
def test_wrong_use_is_one_line_and_exit_2(
    labels: Path, tmp_path: Path, more: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _gate(labels, tmp_path / "out", *more) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1 and said in lines[0]


def test_the_folder_of_another_judge_is_refused(
    good: GateJudge, labels: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _gate(None, tmp_path) == 1
    capsys.readouterr()
    assert _gate(labels, tmp_path, "--judge", "openai:other") == 2
    assert "is of judge; give other a folder of its own" in capsys.readouterr().err
