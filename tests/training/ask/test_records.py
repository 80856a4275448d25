"""Answers are kept as they are found, and found again by the hash of what decides them."""

import json
from pathlib import Path

from moviellm.training.ask.records import Answers, key_of


def record(key: str, answer: str = "Ada") -> dict[str, object]:
    return {"key": key, "question": "Who?", "answer": answer}


def test_what_was_added_is_known_to_the_next_run_though_the_first_was_killed(tmp_path: Path) -> None:
    out = tmp_path / "answers.jsonl"
    with Answers(out) as answers:
        answers.add(record("a"))
        answers.add(record("b"))
        assert not out.exists()
    partial = tmp_path / ".answers.jsonl.partial"
    partial.write_bytes(partial.read_bytes()[:-9])  # killed while it wrote the second one
    with Answers(out) as again:
        assert again.known("a") == record("a")
        assert again.known("b") is None
        again.add(record("b", "Bo"))
        again.finish([record("b", "Bo"), record("a")])
    assert [json.loads(line)["key"] for line in out.read_text().splitlines()] == ["b", "a"]
    assert [path.name for path in tmp_path.iterdir()] == ["answers.jsonl"]
    assert Answers(out).known("b") == record("b", "Bo")


def test_words_that_are_no_unicode_can_be_written(tmp_path: Path) -> None:
    with Answers(tmp_path / "answers.jsonl") as answers:
        answers.finish([record("a", "half a pair \ud83d")])
    assert json.loads((tmp_path / "answers.jsonl").read_text())["key"] == "a"


def test_a_key_is_that_of_what_decides_in_any_order() -> None:
    assert key_of(a=1, b=["x"]) == key_of(b=["x"], a=1) != key_of(a=1, b=["y"])
