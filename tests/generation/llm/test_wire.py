"""What is read from a server's headers."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from moviellm.generation.llm.faults import RETRY_AFTER_MAX_S
from moviellm.generation.llm.wire import _retry_after_s


def test_a_pause_in_seconds() -> None:
    assert _retry_after_s({"retry-after": "7"}) == 7.0


def test_a_pause_in_milliseconds_goes_before() -> None:
    assert _retry_after_s({"retry-after-ms": "250", "retry-after": "7"}) == 0.25


def test_a_pause_until_a_date() -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert _retry_after_s({"retry-after": until}) == pytest.approx(29.5, abs=1.5)


def test_a_date_that_is_past_is_no_pause() -> None:
    assert _retry_after_s({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0.0


def test_a_date_far_away_is_cut() -> None:
    assert _retry_after_s({"retry-after": "Wed, 21 Oct 2099 07:28:00 GMT"}) == RETRY_AFTER_MAX_S + 1.0


@pytest.mark.parametrize("value", ["", "soon", "-3", "nan"])
def test_what_is_no_pause_is_none(value: str) -> None:
    assert _retry_after_s({"retry-after": value}) is None
