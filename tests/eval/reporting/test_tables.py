"""Tables that a paper takes."""

import re
from pathlib import Path

import pytest

from moviellm.eval.reporting.comparisons import Pair, best_of, compare_runs
from moviellm.eval.reporting.runs import Run, read_runs
from moviellm.eval.reporting.tables import Cell, Table, tables_of

Runs = tuple[Path, Path]


@pytest.fixture(scope="module")
def found(runs: Runs) -> tuple[list[Run], list[Pair], dict[str, Table]]:
    read = read_runs(list(runs))
    pairs, _ = compare_runs(read)
    return read, pairs, {table.name: table for table in tables_of(read, pairs)}


def test_every_row_has_a_cell_for_every_column(found) -> None:
    assert all(len(row) == len(table.head) for table in found[2].values() for row in table.rows)


def test_controls_are_columns(found) -> None:
    assert found[2]["controls_0"].head == ("task", "number", "the model", "question-only", "oracle", "visual gain")


def test_a_visual_gain_has_its_interval(found) -> None:
    assert found[2]["controls_0"].rows[0][-1] == Cell(text="+0.400", small="[+0.100, +0.700]")


def test_bold_is_what_all_others_are_distinguishably_worse_than(found) -> None:
    read, pairs, tables = found
    assert best_of(read, pairs, "qa_mc", "accuracy") is None or best_of(read, pairs, "qa_mc", "accuracy") == 0
    for row in tables["scores"].rows:
        assert not row[3].strong


def test_holm_is_over_all_tests_of_the_report(found) -> None:
    rows = [row for pair in found[1] for row in pair.rows if row["p"] is not None]
    least = min(rows, key=lambda row: row["p"])
    assert least["p_holm"] == pytest.approx(min(1.0, least["p"] * len(rows)), abs=1e-5)


def test_what_is_not_distinguishable_says_why(found) -> None:
    verdicts = [row[-1].text for row in found[2]["differences_other"].rows + found[2]["differences"].rows]
    assert all(text.startswith("not distinguishable: ") or text.endswith(" is better") for text in verdicts)


def test_a_judge_is_shown_with_its_unscored_answers_and_cost(found) -> None:
    (row,) = found[2]["judges"].rows
    assert [cell.text for cell in row[3:]] == ["yes", "1 (2.0%)", "alpha 0.91", "12", "$0.25"]


def test_markdown_has_as_many_bars_in_every_line(found) -> None:
    for table in found[2].values():
        counts = {len(re.findall(r"(?<!\\)\|", line)) for line in table.markdown().splitlines()}
        assert counts == {len(table.head) + 1}


def test_latex_has_as_many_columns_in_every_row(found) -> None:
    for table in found[2].values():
        rows = [line for line in table.latex().splitlines() if line.endswith(r"\\")]
        assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {len(table.head) - 1}
        assert len(rows) == len(table.rows) + 1


def test_names_with_the_signs_of_a_format_stay_names() -> None:
    cells = (Cell(text="[x] & 50 % | _a_"),)
    table = Table(name="x", title="T", note="", head=("a|b",), rows=(cells,))
    assert r"{[}x] \& 50 \% | \_a\_ \\" in table.latex()
    assert r"\[x\] &amp; 50 % \| \_a\_" in table.markdown()
