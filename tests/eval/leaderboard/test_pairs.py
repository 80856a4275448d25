"""Two rows compared: what is not distinguishable is called so, in numbers and in words."""

from pathlib import Path

import pytest

from moviellm.eval.leaderboard.board import Board
from moviellm.eval.leaderboard.comparing import compare_html, compared_html
from moviellm.eval.leaderboard.pairs import paired
from moviellm.eval.running.comparing import SAME
from tests.eval.leaderboard.kit import HOSTILE, add_row, board_of, scores, sha_of

BEST, ONE, OTHER, SAME_AS_ONE, ELSEWHERE = map(sha_of, (1, 2, 3, 4, 5))


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Board:
    folder = tmp_path_factory.mktemp("results")
    add_row(folder, 1, 0.9)
    add_row(folder, 2, 0.5)
    add_row(folder, 3, 0.5, seed="another")
    add_row(folder, 4, 0.5, seed="2", display_name=HOSTILE)
    elsewhere = {
        task: [(f"x{item}", movie, score) for item, movie, score in mine] for task, mine in scores("5", 0.5).items()
    }
    add_row(folder, 5, 0.5, drawn=elsewhere)
    return board_of(folder)


def test_rows_of_equal_worth_are_not_distinguishable(board: Board) -> None:
    verdicts = {row["task"]: row["verdict"] for row in paired(board, ONE, OTHER).rows if row["p"] is not None}
    assert verdicts == {"qa_open": SAME, "qa_mc": SAME}
    assert f"they are {SAME} in" in compared_html(board, ONE, OTHER) or f"are {SAME} in any task" in compared_html(
        board, ONE, OTHER
    )


def test_the_same_answers_are_not_distinguishable_in_any_task(board: Board) -> None:
    rows = paired(board, ONE, SAME_AS_ONE).rows
    assert [(row["difference"], row["verdict"], row["p"]) for row in rows[:2]] == [(0.0, SAME, 1.0)] * 2
    assert {row["verdict"] for row in rows} == {SAME}
    assert f"are {SAME} in any task" in compared_html(board, ONE, SAME_AS_ONE)


def test_a_difference_that_is_sure_names_the_better_row(board: Board) -> None:
    found = paired(board, BEST, ONE)
    assert {row["verdict"] for row in found.rows} == {"a is better"}
    assert all(row["high"] < 0 for row in found.rows)
    assert "Model 1 is better in Open questions, Multiple choice, Moment grounding and Dense" in compared_html(
        board, BEST, ONE
    )


def test_swapping_the_rows_swaps_the_signs(board: Board) -> None:
    there, back = paired(board, BEST, ONE).rows, paired(board, ONE, BEST).rows
    assert [row["difference"] for row in there] == [-row["difference"] for row in back]
    assert [(row["only_a"], row["only_b"]) for row in there] == [(row["only_b"], row["only_a"]) for row in back]


@pytest.mark.parametrize(
    ("a", "b", "told"),
    [
        (ONE, ONE, "choose two different rows"),
        (ONE, "no row", "choose two rows of the table"),
        (ONE, "<img src=x>", "choose two rows of the table"),
    ],
)
def test_what_cannot_be_compared_is_told_in_a_line(board: Board, a: str, b: str, told: str) -> None:
    assert told in compared_html(board, a, b)


def test_rows_of_two_revisions_are_not_compared(tmp_path: Path) -> None:
    one, other = add_row(tmp_path, 1, 0.5), add_row(tmp_path, 2, 0.5, benchmark_revision="f" * 40)
    assert "two revisions of the benchmark" in compared_html(board_of(tmp_path), one, other)


def test_a_score_that_happens_to_be_zero_everywhere_is_not_right_or_wrong(tmp_path: Path) -> None:
    for number in (1, 2):
        drawn = scores(str(number), 0.5)
        drawn["grounding"] = [(item, movie, 0.0) for item, movie, _ in drawn["grounding"]]
        add_row(tmp_path, number, 0.5, drawn=drawn)
    found = {row["task"]: row for row in paired(board_of(tmp_path), sha_of(1), sha_of(2)).rows}
    assert found["grounding"]["p"] is None and found["qa_mc"]["p"] is not None


def test_tasks_without_a_question_in_common_are_named(board: Board) -> None:
    assert "No question in common: Open questions" in compared_html(board, ONE, ELSEWHERE)


def test_hostile_names_are_text_in_the_comparison(board: Board) -> None:
    for page in (compared_html(board, ONE, SAME_AS_ONE), compare_html(board, list(board.rows))):
        assert "<img" not in page and "<script" not in page and "\u202e" not in page
        assert "&lt;img" in page


def test_one_row_alone_has_nothing_to_be_compared_with(tmp_path: Path) -> None:
    add_row(tmp_path, 1, 0.5)
    assert "It takes two submissions" in compare_html(board_of(tmp_path), [sha_of(1)])
