"""METEOR's program: its protocol, spoken with a double that runs as a process; its faults; its absence."""

import os
import sys
import time
from pathlib import Path

import pytest

from moviellm.eval.core import meteor

DOUBLE = """#!{python}
import os, sys, time
fault = os.environ.get("METEOR_FAULT", "")
if fault == "child":
    import subprocess
    subprocess.run(["sleep", "60"])
if fault == "start":
    sys.exit(3)
open(os.environ["METEOR_LOG"], "a").write(" ".join(sys.argv[1:]) + "\\n")
for line in sys.stdin:
    kind, *parts = [part.strip() for part in line.rstrip("\\n").split("|||")]
    if kind == "SCORE":
        *refs, cand = parts
        if fault == "hang":
            time.sleep(60)
        if fault == "die" and "dies" in cand:
            sys.exit(1)
        mine, best = set(cand.split()), max(refs, key=lambda ref: len(set(ref.split()) & set(cand.split())))
        print(len(mine & set(best.split())), max(1, len(mine | set(best.split()))), flush=True)
    else:
        counts = [tuple(map(int, part.split())) for part in parts]
        for right, of in counts:
            print("oops" if fault == "words" else right / of)
        print(sum(right for right, _ in counts) / sum(of for _, of in counts), flush=True)
"""
CANDS = {"a": "A man rides.", "b": "two dogs ||| run"}
REFS = {"a": ["a man rides a horse", "a man"], "b": ["two dogs run"]}


@pytest.fixture
def java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `java` that speaks METEOR's protocol; the file it writes its arguments to."""
    (tmp_path / "java").write_text(DOUBLE.replace("{python}", sys.executable), encoding="utf-8")
    (tmp_path / "java").chmod(0o755)
    (tmp_path / "meteor of mine.jar").touch()
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("MOVIELLM_METEOR_JAR", str(tmp_path / "meteor of mine.jar"))
    monkeypatch.setenv("METEOR_LOG", str(tmp_path / "log"))
    return tmp_path / "log"


def test_scores_come_back_item_by_item_and_together(java: Path) -> None:
    found = meteor(CANDS, REFS)
    assert found["per_item"] == pytest.approx({"a": 3 / 4, "b": 3 / 4})
    assert found["score"] == pytest.approx(6 / 8)
    assert found["reason"] is None


def test_one_program_scores_all_items(java: Path) -> None:
    meteor(CANDS, REFS)
    (started,) = java.read_text().splitlines()
    assert started.endswith("meteor of mine.jar - - -stdio -l en -norm")


def test_many_items_fill_no_pipe(java: Path) -> None:
    cands = {str(at): "a man rides a horse on the long white beach " * 3 for at in range(3000)}
    assert meteor(cands, {name: [text] for name, text in cands.items()})["score"] == 1.0


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("start", "METEOR ended with code 3 after 0 of 2 answers"),
        ("die", "METEOR ended with code 1 after 1 of 2 answers"),
        ("words", "METEOR answered what is no score"),
    ],
)
def test_a_program_that_fails_gives_no_score_and_the_reason(
    java: Path, monkeypatch: pytest.MonkeyPatch, fault: str, reason: str
) -> None:
    monkeypatch.setenv("METEOR_FAULT", fault)
    found = meteor({"a": "x", "b": "dies"}, {"a": ["x"], "b": ["x"]})
    assert (found["score"], found["per_item"]) == (None, {"a": None, "b": None})
    assert reason in found["reason"]


@pytest.mark.parametrize("fault", ["hang", "child"])
def test_a_watchdog_ends_a_program_that_hangs_and_what_it_started(
    java: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setenv("METEOR_FAULT", fault)
    start = time.monotonic()
    found = meteor(CANDS, REFS, time_limit_s=1.0)
    assert found["reason"] == "METEOR was ended after 1 s"
    assert time.monotonic() - start < 30


def test_after_a_failure_the_next_call_works(java: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METEOR_FAULT", "die")
    meteor({"a": "dies"}, {"a": ["x"]})
    monkeypatch.delenv("METEOR_FAULT")
    assert meteor(CANDS, REFS)["score"] is not None


def test_the_jar_of_an_installed_pycocoevalcap_is_found(
    java: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site/pycocoevalcap/meteor").mkdir(parents=True)
    (tmp_path / "site/pycocoevalcap/meteor/meteor-1.5.jar").touch()
    monkeypatch.delenv("MOVIELLM_METEOR_JAR")
    monkeypatch.syspath_prepend(tmp_path / "site")
    assert meteor(CANDS, REFS)["score"] is not None
    assert "site/pycocoevalcap/meteor/meteor-1.5.jar" in java.read_text()


def test_without_the_jar_there_is_no_score_and_a_reason(java: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOVIELLM_METEOR_JAR", "/nowhere/meteor-1.5.jar")
    assert meteor(CANDS, REFS)["score"] is None
    assert "meteor-1.5.jar is absent: set MOVIELLM_METEOR_JAR" in meteor(CANDS, REFS)["reason"]


def test_without_java_there_is_no_score_and_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    found = meteor(CANDS, REFS)
    assert found == {"score": None, "per_item": {"a": None, "b": None}, "reason": found["reason"]}
    assert "java is absent" in found["reason"]


def test_no_items_have_no_score() -> None:
    assert meteor({}, {}) == {"score": None, "per_item": {}, "reason": "no items"}


def test_a_time_limit_is_some_seconds() -> None:
    with pytest.raises(ValueError, match="needs some seconds"):
        meteor(CANDS, REFS, time_limit_s=0)


def test_captions_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(ValueError, match="on one side only"):
        meteor({"a": "x"}, {})
