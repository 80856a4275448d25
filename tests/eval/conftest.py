"""The dataset of tests of evaluation, made once."""

from pathlib import Path

import pytest

from tests.eval.running.movies import make_dataset


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset folder whose six movies are all in the split `test`."""
    return make_dataset(tmp_path_factory.mktemp("eval") / "films")
