"""Features on disk: made once, kept through a kill, apart by model."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from moviellm.eval.feature_store import AT_A_TIME, FeatureStore


def rows(items: Sequence[int]) -> np.ndarray:
    return np.array([[item, 2 * item] for item in items], np.float32)


def items(numbers: range) -> dict[str, object]:
    return {str(number): lambda number=number: number for number in numbers}


def test_vectors_come_back_in_order_to_the_last_bit(tmp_path: Path) -> None:
    with FeatureStore(tmp_path, "a") as store:
        made = store.features(items(range(5)), rows)
    with FeatureStore(tmp_path, "a") as store:
        kept = store.features(items(range(5)), lambda missing: pytest.fail("made twice"))
    assert list(kept) == list(made) == ["0", "1", "2", "3", "4"]
    assert all(np.array_equal(kept[key], made[key]) for key in made)


def test_what_was_made_before_a_failure_is_kept(tmp_path: Path) -> None:
    asked: list[int] = []

    def failing(some: Sequence[int]) -> np.ndarray:
        asked.extend(some)
        if AT_A_TIME in some:
            raise ValueError("a power cut")
        return rows(some)

    with FeatureStore(tmp_path, "a") as store, pytest.raises(ValueError, match="power cut"):
        store.features(items(range(AT_A_TIME + 3)), failing)
    asked.clear()
    with FeatureStore(tmp_path, "a") as store:
        store.features(items(range(AT_A_TIME + 3)), lambda some: (asked.extend(some), rows(some))[1])
    assert asked == [AT_A_TIME, AT_A_TIME + 1, AT_A_TIME + 2]


def test_models_do_not_share_vectors(tmp_path: Path) -> None:
    with FeatureStore(tmp_path, "a") as one, FeatureStore(tmp_path, "b") as other:
        one.features(items(range(1)), rows)
        assert other.features(items(range(1)), lambda some: rows(some) + 1)["0"].tolist() == [1.0, 1.0]


def test_nothing_asked_gives_nothing(tmp_path: Path) -> None:
    with FeatureStore(tmp_path, "a") as store:
        assert store.features({}, rows) == {}
