"""A dataset of six small movies, for this folder."""

from pathlib import Path

import pytest

from tests.eval.running.movies import make_dataset


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_dataset(tmp_path_factory.mktemp("lmms") / "films")
