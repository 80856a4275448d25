"""`moviellm eval judge` as a user meets it: exit codes, words, what survives a kill; rules in place of models."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from moviellm.eval.judging.counting import Frame, told_of
from moviellm.eval.judging.judge import judge_run
from moviellm.eval.judging.leaving import JUDGEMENT
from moviellm.eval.judging.material import read_material
from moviellm.eval.judging.naming import metric_name, slug_of
from moviellm.eval.judging.offline import judged_offline
from moviellm.eval.judging.transcripts import public, read_transcripts
from moviellm.generation.cli.app import call
from tests.eval.judging.runs import answers_of, number, write_run
from tests.servers.judge_double import JudgeDouble, judge_double

PINNED = "openai:judge-2026-03"
KILLED = "import sys; from pathlib import Path; from moviellm.eval.judging.judge import judge_run as j; "
KILLED += "j(Path(sys.argv[1]), judges=['openai:judge-2026-03'], concurrency=4)"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[JudgeDouble]:
    with judge_double() as double:
        monkeypatch.setenv("OPENAI_BASE_URL", double.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
        yield double


def judge(run: Path, *options: object) -> int:
    return call(["eval", "judge", str(run), *map(str, options)])


def test_a_judgement_that_is_not_valid_ends_with_1_and_leaves_its_files(
    server: JudgeDouble, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = write_run(tmp_path / "run", answers_of(4))
    server.plan("refusal")
    assert judge(run, "--judge", PINNED) == 1
    assert "NOT VALID" in capsys.readouterr().err
    (place,) = (run / "judged").glob(f"*/{JUDGEMENT}")
    assert json.loads(place.read_bytes())["valid"] is False


def test_a_server_that_is_not_there_ends_with_1_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LOCAL_BASE_URL", "http://127.0.0.1:9/v1")
    assert judge(write_run(tmp_path / "run", answers_of(4)), "--judge", "local:judge") == 1
    assert "start the server, or set LOCAL_BASE_URL" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("server", "said"),
    [
        ({"key": "sk-right-0123456789"}, "does not accept the key (401"),
        ({"models": ("other",)}, "has no such model or address (404"),
    ],
)
def test_a_server_that_refuses_ends_with_1_says_why_and_is_asked_once(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    server: dict[str, Any],
    said: str,
) -> None:
    monkeypatch.setenv("LOCAL_API_KEY", "sk-wrong-0123456789")
    with judge_double(**server) as double:
        run = write_run(tmp_path / "run", answers_of(4))
        assert judge(run, "--judge", "local:judge", "--base-url", double.base_url) == 1
        assert len(double.requests) <= 1 and not double.billed
    told = capsys.readouterr().err
    assert said in told and "the same command goes on from there" in told
    assert "sk-wrong" not in told


def test_a_key_of_its_own_goes_to_a_judge_and_into_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-other-0123456789")
    monkeypatch.setenv("LOCAL_API_KEY", "sk-right-0123456789")
    with judge_double(key="sk-right-0123456789") as double:
        run = write_run(tmp_path / "run", answers_of(4))
        assert judge(run, "--judge", "local:judge@1", "--base-url", double.base_url) == 0
    files = [path for path in run.rglob("*") if path.is_file()]
    assert not [path for path in files if b"sk-right" in path.read_bytes()]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "no judge: name one"),
        (("--judge", "gpt"), "'gpt' is no judge"),
        (("--judge", "local:qwen"), "names no server: set LOCAL_BASE_URL"),
        (("--judge", "lexical", "--against", "other"), "judges single answers"),
        (("--judge", "lexical", "--max-usd", "1"), "is a rule"),
        (("--judge", "fact-recall"), "name it with --data"),
        (("--judge", PINNED, "--rubric", "bettr"), "did you mean better"),
        (("--judge", PINNED, "--rubric", "better"), "name the other one with --against"),
        (("--judge", PINNED, "--tasks", "qa_mc"), "no such task with answers in words"),
        (("--judge", PINNED, "--concurrency", "0"), "it is 1 at least"),
        (("--judge", PINNED), "OPENAI_BASE_URL to a server of your own, or name one with --base-url"),
        (("--judge", PINNED, "--base-url", "here"), "--base-url 'here' is no http address"),
        (("--judge", "local:qwen", "--base-url", "ftp://here"), "--base-url 'ftp://here' is no http address"),
    ],
)
def test_what_cannot_be_judged_is_one_line_and_leaves_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    said: str,
) -> None:
    for name in ("LOCAL_BASE_URL", "OPENAI_BASE_URL", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    run = write_run(tmp_path / "run", answers_of(4))
    assert judge(run, *options) == 2
    assert said in capsys.readouterr().err
    assert not (run / "judged").exists()


def test_a_folder_without_a_run_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert judge(tmp_path, "--judge", "lexical") == 2
    assert "holds no run" in capsys.readouterr().err


def test_rescoring_a_changed_judgement_ends_with_1(server: JudgeDouble, tmp_path: Path) -> None:
    (found,) = judge_run(write_run(tmp_path / "run", answers_of(4)), judges=[PINNED])
    assert call(["eval", "judge", "--rescore", str(found.folder)]) == 0
    path = found.folder / JUDGEMENT
    path.write_text(path.read_text(encoding="utf-8").replace('"valid": true', '"valid": false'), encoding="utf-8")
    assert call(["eval", "judge", "--rescore", str(found.folder)]) == 1


def test_public_lines_give_the_same_numbers_and_tell_nothing(server: JudgeDouble, tmp_path: Path) -> None:
    (found,) = judge_run(write_run(tmp_path / "run", answers_of(8, right=range(3))), judges=[PINNED])
    rows = [public(row) for row in read_transcripts(found.folder)]
    assert "a key of" not in json.dumps(rows)
    frame = found.facts["frame"]
    told = told_of(Frame(kind="pointwise", **{**frame, "judges": tuple(frame["judges"])}), rows, {})
    assert told.facts["tasks"] == found.facts["tasks"]


def test_rules_have_names_of_their_own(tmp_path: Path) -> None:
    (found,) = judge_run(write_run(tmp_path / "run", answers_of(8, right=range(4))), judges=["lexical"])
    assert (found.facts["metric"].partition("@")[0], found.facts["kind"]) == ("lexical_match", "lexical")
    assert (number(found.facts)["value"], found.facts["calls"], found.facts["cost_usd"]) == (0.5, 0, 0.0)


def test_fact_recall_counts_the_events_that_an_answer_tells(tmp_path: Path) -> None:
    events = ("Ada finds the key.", "Ben sells the old lamp.")
    gold = " ".join(events)
    run = write_run(
        tmp_path / "run",
        {"m00000-q000": gold, "m00000-q001": events[0]},
        gold={"answer": gold},
        evidence=[[0.0, 8.0]],
    )
    captions = {"m00000": [((0.0, 4.0), events[0]), ((4.0, 8.0), events[1])]}
    rows, frame = judged_offline("fact-recall", read_material(run, tasks=None, captions=captions))
    assert number(told_of(frame, rows, {}).facts)["value"] == 0.75


def test_names_that_differ_are_folders_that_differ() -> None:
    names = [metric_name("judged_accuracy", [judge], "rubric-1") for judge in ("a b", "a_b", "x" * 300, "x" * 301)]
    slugs = [slug_of(name) for name in names]
    assert len(set(slugs)) == 4
    assert all(len(slug) <= 120 and "/" not in slug for slug in slugs)


@pytest.mark.slow
def test_a_killed_judging_goes_on_and_pays_nothing_twice(server: JudgeDouble, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", answers_of(40, right=range(10)))
    server.latency_s = 0.2
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(run)])
    while len(server.billed) < 10 and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not list((run / "judged").glob(f"*/{JUDGEMENT}"))
    server.latency_s = 0.0
    (found,) = judge_run(run, judges=[PINNED])
    assert number(found.facts)["value"] == 0.25
    assert len(server.billed) <= 40 + 4  # what was under way when it was killed is all that is asked again
