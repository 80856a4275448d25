"""One benchmark for the tests that only look at it: eight movies, two of them twins, and a train of four."""

from pathlib import Path

import pytest

from tests.eval.bench.kit import bench, dataset, movie


@pytest.fixture(scope="session")
def train(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return dataset(tmp_path_factory.mktemp("train") / "train", [movie(number, 900 + number) for number in range(4)])


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    movies = [movie(number) for number in range(7)]
    return dataset(tmp_path_factory.mktemp("source") / "source", [*movies, movie(7, 6, twin_of=6)])


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, source: Path, train: Path) -> Path:
    return bench(source, train, tmp_path_factory.mktemp("bench") / "bench", version="1.0.0")
