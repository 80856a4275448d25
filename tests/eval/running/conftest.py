"""Intervals of few draws: what these tests look at does not depend on their last digits."""

import pytest

from moviellm.eval.tasks import scoring


@pytest.fixture(autouse=True, scope="session")
def _few_draws() -> None:
    scoring.RESAMPLES = 300  # type: ignore[misc]
    scoring.RESAMPLES_OF_PARTS = 50  # type: ignore[misc]
