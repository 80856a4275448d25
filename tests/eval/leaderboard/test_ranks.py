"""Ranks as ranges: what chance could have done is not told apart, and what it could not is."""

from pathlib import Path

import numpy as np
import pytest

from moviellm.eval.leaderboard.board import Board
from moviellm.eval.leaderboard.ranks import FAMILIES_MIN, OVERALL, blind_of, joint_ranges, standings_of
from tests.eval.leaderboard.kit import add_baseline, add_row, board_of, scores


def drawn(estimates: list[float], spread: float, draws: int = 500) -> tuple[np.ndarray, np.ndarray]:
    middle = np.array(estimates)
    return middle + np.random.default_rng(0).normal(0, spread, (draws, len(estimates))), middle


def test_rows_far_apart_have_one_rank_each() -> None:
    assert joint_ranges(*drawn([0.9, 0.5, 0.1], 0.01), 30) == [(1, 1), (2, 2), (3, 3)]


def test_rows_that_chance_could_turn_around_share_their_ranks() -> None:
    assert joint_ranges(*drawn([0.51, 0.5, 0.1], 0.05), 30) == [(1, 2), (1, 2), (3, 3)]


def test_fewer_movies_than_a_coin_needs_tell_nothing_apart() -> None:
    assert joint_ranges(*drawn([0.9, 0.1], 0.001), FAMILIES_MIN - 1) == [(1, 2), (1, 2)]


def test_rows_with_the_same_answers_are_never_told_apart() -> None:
    one = np.random.default_rng(0).normal(0.5, 0.1, (300, 1))
    assert joint_ranges(np.hstack([one, one]), np.array([0.5, 0.5]), 30) == [(1, 2), (1, 2)]


def test_a_difference_that_every_draw_shows_is_told_apart() -> None:
    one = np.random.default_rng(0).normal(0.5, 0.1, (300, 1))
    assert joint_ranges(np.hstack([one + 0.2, one]), np.array([0.7, 0.5]), 30) == [(1, 1), (2, 2)]


@pytest.mark.parametrize(("movies", "rows"), [(40, 5), (12, 5), (6, 2)])
def test_rows_of_equal_worth_are_told_apart_in_one_of_twenty_samples_of_movies(movies: int, rows: int) -> None:
    told_apart = 0
    for seed in range(100):
        generator = np.random.default_rng(seed)
        films = generator.normal(0.5, 0.2, (movies, rows))
        counts = generator.multinomial(movies, np.full(movies, 1 / movies), size=500)
        told_apart += joint_ranges(counts @ films / movies, films.mean(axis=0), movies) != [(1, rows)] * rows
    assert told_apart <= 10


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Board:
    folder = tmp_path_factory.mktemp("results")
    add_row(folder, 1, 0.8)
    add_row(folder, 2, 0.45)
    add_row(folder, 3, 0.45, seed="another")
    add_row(folder, 4, 0.9, seen_test_inputs=True)
    add_row(folder, 5, 0.5, drawn=scores("5", 0.5, movies=20))
    add_baseline(folder, "random", 0.2)
    add_baseline(folder, "oracle", 0.97)
    return board_of(folder)


def test_a_row_that_has_seen_the_inputs_or_answered_others_has_no_rank(board: Board) -> None:
    places = standings_of(board)[OVERALL].places
    assert sorted(board.rows[key].display_name for key in places) == ["Model 1", "Model 2", "Model 3"]


def test_rows_of_two_revisions_are_not_ranked_together(tmp_path: Path) -> None:
    for number in (1, 2):
        add_row(tmp_path, number, 0.5)
    older = add_row(tmp_path, 3, 0.9, benchmark_revision="f" * 40)
    standing = standings_of(board_of(tmp_path))[OVERALL]
    assert len(standing.places) == 2 and older not in standing.places


def test_the_best_row_is_alone_and_two_alike_share(board: Board) -> None:
    places = {board.rows[key].display_name: place for key, place in standings_of(board)[OVERALL].places.items()}
    assert (places["Model 1"].low, places["Model 1"].high) == (1, 1)
    assert (places["Model 2"].low, places["Model 2"].high) == (2, 3)


def test_the_mean_counts_from_the_best_blind_baseline_to_the_oracle(board: Board) -> None:
    overall = standings_of(board)[OVERALL]
    ends = {name: {task: board.baselines[name].number(task) for task in board.tasks} for name in ("random", "oracle")}
    values = {name: {task: number.value for task, number in told.items() if number} for name, told in ends.items()}
    assert overall.mean_of(values["random"]) == pytest.approx(0)  # type: ignore[arg-type]
    assert overall.mean_of(values["oracle"]) == pytest.approx(1)  # type: ignore[arg-type]


def test_without_an_oracle_it_is_the_plain_mean(tmp_path: Path) -> None:
    sha256 = add_row(tmp_path, 1, 0.6)
    board = board_of(tmp_path)
    numbers = [board.rows[sha256].number(task) for task in board.tasks]
    estimate = standings_of(board)[OVERALL].numbers[sha256].estimate
    assert estimate == pytest.approx(sum(one.value or 0 for one in numbers if one) / 4, abs=1e-5)


def test_a_baseline_that_is_shown_pictures_is_no_blind_one(board: Board) -> None:
    before = blind_of(board)
    board.baselines["single-frame"] = board.baselines["oracle"]
    assert blind_of(board) == before and set(before) == set(board.tasks)
