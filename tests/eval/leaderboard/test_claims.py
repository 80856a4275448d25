"""Claims: one worker at a time has a request, and a dead one does not keep it."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moviellm.eval.leaderboard.claims import Claims, Terms, status_of
from moviellm.eval.leaderboard.incoming import Request
from tests.eval.leaderboard.worker_kit import START, Clock, MemoryPlace, status

SHA = "a" * 64
OTHER = "b" * 64
ADA = Request(SHA, "ada", START.isoformat(), "Model")
ADA_AGAIN = Request(OTHER, "ada", START.isoformat(), "Model 2")


@pytest.fixture
def place() -> MemoryPlace:
    return MemoryPlace()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def claims(place: MemoryPlace, clock: Clock, worker: str = "", **terms: Any) -> Claims:
    return Claims(place, Terms(lease_s=100, worker=worker, **terms), clock)


def test_one_of_two_workers_has_a_request(place: MemoryPlace, clock: Clock) -> None:
    assert claims(place, clock, "one").take(ADA) is not None
    assert claims(place, clock, "two").take(ADA) is None
    told = status(place, SHA)
    assert (told["state"], told["attempts"], told["claim"]["worker"]) == ("scoring", 1, "one")


def test_a_dead_workers_claim_is_taken_over_when_its_lease_ends_and_not_before(
    place: MemoryPlace, clock: Clock
) -> None:
    claims(place, clock, "one").take(ADA)
    clock.wait(99)
    assert claims(place, clock, "two").take(ADA) is None
    clock.wait(1)
    taken = claims(place, clock, "two").take(ADA)
    assert taken is not None and taken.attempt == 2


def test_a_claim_that_is_renewed_holds(place: MemoryPlace, clock: Clock) -> None:
    mine = claims(place, clock, "one")
    claim = mine.take(ADA)
    assert claim is not None
    clock.wait(90)
    assert mine.renew(claim)
    clock.wait(90)
    assert claims(place, clock, "two").take(ADA) is None


def test_a_worker_that_comes_back_under_its_name_has_its_claim_at_once(place: MemoryPlace, clock: Clock) -> None:
    claims(place, clock, "one").take(ADA)
    assert claims(place, clock, "one").take(ADA) is not None


def test_a_worker_that_lost_its_claim_says_nothing_more_of_it(place: MemoryPlace, clock: Clock) -> None:
    mine = claims(place, clock, "one")
    claim = mine.take(ADA)
    assert claim is not None
    clock.wait(100)
    claims(place, clock, "two").take(ADA)
    assert not mine.renew(claim) and not mine.settle(claim, "scored")
    assert status(place, SHA)["claim"]["worker"] == "two"


def test_what_is_done_is_not_begun_again(place: MemoryPlace, clock: Clock) -> None:
    mine = claims(place, clock, "one")
    for state in ("scored", "rejected", "failed"):
        place.content.clear()
        claim = mine.take(ADA)
        assert claim is not None and mine.settle(claim, state)
        clock.wait(1_000)
        assert mine.take(ADA) is None and "claim" not in status(place, SHA)


def test_what_failed_is_begun_again_where_that_is_wanted(place: MemoryPlace, clock: Clock) -> None:
    mine = claims(place, clock, "one", attempts=1)
    claim = mine.take(ADA)
    assert claim is not None and mine.settle(claim, "failed")
    again = claims(place, clock, "two", attempts=1, retry_failed=True).take(ADA)
    assert again is not None and again.attempt == 1


def test_a_request_that_ends_its_worker_every_time_fails(place: MemoryPlace, clock: Clock) -> None:
    for _ in range(2):
        assert claims(place, clock, attempts=2).take(ADA) is not None
        clock.wait(100)
    assert claims(place, clock, attempts=2).take(ADA) is None
    told = status(place, SHA)
    assert (told["state"], told["problems"][0]["code"]) == ("failed", "R005")


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b'{"state": "scored!"}', b'{"attempts": "many", "claim": 3}'])
def test_a_status_that_nobody_can_read_is_a_new_one(place: MemoryPlace, clock: Clock, text: bytes) -> None:
    place.content[f"status/{SHA}.json"] = text
    assert claims(place, clock).take(ADA) is not None


def test_a_submitter_has_so_many_scored_a_day_and_the_rest_waits(place: MemoryPlace, clock: Clock) -> None:
    mine = claims(place, clock, per_day=1)
    claim = mine.take(ADA)
    assert claim is not None
    assert mine.take(ADA_AGAIN) is None  # one is being scored
    mine.settle(claim, "scored", scored_at=clock().isoformat())
    assert mine.take(ADA_AGAIN) is None
    told = status(place, OTHER)
    assert (told["state"], told["problems"][0]["code"], told["attempts"]) == ("queued", "R004", 0)
    before = place.changes
    assert mine.take(ADA_AGAIN) is None and place.changes == before  # it is told once
    clock.wait(24 * 3600)
    assert mine.take(ADA_AGAIN) is not None


def test_what_was_rejected_takes_no_room_and_others_have_their_own(place: MemoryPlace, clock: Clock) -> None:
    mine = claims(place, clock, per_day=1)
    claim = mine.take(ADA)
    assert claim is not None and mine.settle(claim, "rejected")
    assert mine.take(ADA_AGAIN) is not None
    assert mine.take(Request("c" * 64, "ben", START.isoformat(), "Model")) is not None


ACTIONS = st.lists(
    st.tuples(st.sampled_from(["take", "renew", "queued", "scored", "wait"]), st.integers(0, 2)), max_size=40
)


@given(actions=ACTIONS)
@settings(max_examples=60, deadline=None)
def test_however_workers_come_and_go_one_has_it_and_it_is_scored_once(actions: list[tuple[str, int]]) -> None:
    place, clock = MemoryPlace(), Clock()
    workers = [claims(place, clock, f"w{number}", attempts=1_000) for number in range(3)]
    held: dict[int, Any] = {}
    ends: dict[int, float] = {}
    scored = 0
    for action, number in actions:
        mine = workers[number]
        if action == "wait":
            clock.wait(60 * (number + 1))
        elif action == "take":
            claim = mine.take(ADA)
            if claim is not None:
                assert all(end <= clock().timestamp() for other, end in ends.items() if other != number)
                held[number], ends[number] = claim, clock().timestamp() + 100
        elif number in held:
            if action == "renew":
                if mine.renew(held[number]):
                    ends[number] = clock().timestamp() + 100
            elif mine.settle(held.pop(number), action):
                scored += action == "scored"
                ends.pop(number)
            else:
                ends.pop(number)
    assert scored <= 1
    assert (status_of(place.look(), SHA)["state"] == "scored") == (scored == 1)
    assert all(json.loads(data) for data in place.content.values())
