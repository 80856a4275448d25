"""events.py: events with their times in free text."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.eval.tasks.events import Event, read_events


@pytest.mark.parametrize(
    "text",
    [
        "0.0-4.0 s: Ada waits. 4.0-8.0 s: Ben comes.",
        "From 0 to 4 seconds, Ada waits.\nFrom 4 to 8 seconds, Ben comes.",
        "1. [0:00 - 0:04] Ada waits.\n2. [0:04 - 0:08] Ben comes.",
        "- 0.0s - 4.0s: Ada waits.\n- 4.0s - 8.0s: Ben comes.",
        "1. Ada waits. (0-4 s)\n2. Ben comes. (4-8 s)",
        "0 – 4 s, Ada waits.\n4 → 8 s, Ben comes.",
        "<think>0-9 s: nothing</think>0-4: Ada waits. 4-8: Ben comes.",
        '```json\n[{"start": 0, "end": "0:04", "caption": "Ada waits."},\n'
        '{"timestamp": [4, 8], "sentence": "Ben comes."}]\n```',
        '[{"span": "4.0 - 8.0 s", "event": "Ben comes."}, {"start_s": 0, "end_s": 4, "text": "Ada waits."}]',
    ],
)
def test_events_are_read_in_every_form(text: str) -> None:
    assert read_events(text).events == [Event(0.0, 4.0, "Ada waits."), Event(4.0, 8.0, "Ben comes.")]


@pytest.mark.parametrize("text", ["", "Nothing happens.", "Ada is 9 years old.", "[]", "[1, 2]", "{", '[{"a": 1}]'])
def test_a_text_without_events_has_none(text: str) -> None:
    assert read_events(text).events == []


def test_a_reversed_span_is_dropped_and_counted() -> None:
    found = read_events("8-4 s: Ada waits. 8-9 s: Ben comes.")
    assert found.events == [Event(8.0, 9.0, "Ben comes.")]
    assert found.dropped == 1


def test_json_with_times_that_are_no_numbers_is_no_event() -> None:
    assert (
        read_events('[{"start": NaN, "end": 4, "caption": "x"}, {"start": 1e999, "end": 4, "caption": "x"}]').events
        == []
    )


@given(st.text(alphabet='0123456789.:-– to\nfromand[]{}",<>/s', max_size=300))
def test_any_text_is_read_and_events_are_in_order(text: str) -> None:
    events = read_events(text).events
    assert events == sorted(events)
    assert all(event.start_s < event.end_s and event.caption for event in events)


@given(
    st.lists(
        st.tuples(st.integers(0, 500), st.integers(1, 99), st.sampled_from(["Ada waits", "Ben comes in"])),
        min_size=1,
        max_size=8,
    )
)
def test_events_written_as_a_dataset_writes_them_are_read_back(rows: list[tuple[int, int, str]]) -> None:
    events = sorted(Event(float(start), float(start + length), f"{words}.") for start, length, words in rows)
    text = " ".join(f"{one.start_s:.1f}-{one.end_s:.1f} s: {one.caption}" for one in events)
    assert read_events(text).events == events


@pytest.mark.parametrize(
    "text", ["1" * 50_000, "1-" * 25_000, "1 to " * 20_000, "[{" * 20_000, "(" * 50_000, "\n" * 50_000]
)
def test_no_text_makes_it_slow(text: str) -> None:
    start = time.process_time()
    read_events(text)
    assert time.process_time() - start < 2.0
