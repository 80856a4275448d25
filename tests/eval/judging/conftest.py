"""What tests of judges share: a server that judges, and intervals of few draws.

from tests.eval.judging.judge_kit import few_draws, server   # noqa: F401 fixtures
"""

from collections.abc import Iterator

import pytest

from tests.servers.judge_double import JudgeDouble, judge_double


@pytest.fixture
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Intervals of 200 draws: numbers are looked at, not their ends."""
    from moviellm.eval.judging import counting
    from moviellm.eval.tasks import means

    monkeypatch.setattr(counting, "mean_of", lambda values, families: means.mean_of(values, families, 200))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[JudgeDouble]:
    """A judge that answers; its address and key are in the environment."""
    with judge_double() as double:
        monkeypatch.setenv("OPENAI_BASE_URL", double.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
        yield double
