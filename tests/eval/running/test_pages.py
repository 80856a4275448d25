"""pages.py: results for people."""

from typing import Any

from moviellm.eval.running.pages import controls_table, page_of, text_of

VALUE = {"value": 0.5, "low": 0.25, "high": 0.75, "n": 8}
NOTHING = {"value": None, "low": None, "high": None, "n": 0}


def results() -> dict[str, Any]:
    """Of two tasks, one of which the dataset asks nothing."""

    def task(headline: str, number: dict[str, Any], items: int) -> dict[str, Any]:
        counts = {"items": items, "unanswered": 0, "unparsed": 0}
        metrics = {headline: number, f"{headline}_more": number}
        return {"headline": headline, "metrics": metrics, "counts": counts, "by_type": {}, "by_level": {}}

    return {
        "tasks": {"qa_open": task("exact_match", VALUE, 8), "dialogue": task("right", NOTHING, 0)},
        "controls": {
            "random": {"tasks": {"qa_open": {"metrics": {"exact_match": VALUE}}, "dialogue": {"metrics": {}}}},
        },
        "model": {"id": "model", "kind": "checkpoint", "revision": "1"},
        "data": {"dataset": "films", "revision": "1", "split": "test"},
        "frames": None,
        "parameters": {},
    }


def test_a_task_that_nothing_asks_is_one_line_and_no_row_of_controls() -> None:
    text = text_of(results())
    (line,) = [line for line in text.splitlines() if "dialogue" in line]
    assert line.split() == ["dialogue", "right", "none", "0", "the", "dataset", "asks", "nothing", "of", "it"]
    assert [row[0] for row in controls_table(results())] == ["task", "qa_open"]
    assert page_of(results()).count("dialogue") == 1


def test_a_task_that_is_asked_has_a_line_for_each_number_its_first_one_first() -> None:
    lines = [line.split() for line in text_of(results()).splitlines() if line.startswith("qa_open")]
    assert [line[1] for line in lines] == ["exact_match", "exact_match_more", "exact_match"]  # the last: controls
    assert lines[0][2:5] == ["0.500", "[0.250,", "0.750]"]
