"""A dataset on the Hub as a place: what did not change is read once, and what stays in memory has its bound."""

from collections.abc import Iterator

import pytest

from moviellm.cards.hub.repository import Repository
from moviellm.eval.leaderboard import places
from moviellm.eval.leaderboard.places import HubPlace
from tests.hub import hub, hub_here  # noqa: F401
from tests.servers.hub_double import Hub

FILES = {f"status/{number}.json": b"{}" + b" " * number for number in range(4)}


@pytest.fixture
def place(hub_here: Hub) -> Iterator[HubPlace]:  # noqa: F811
    hub_here.write("moviellm/requests", FILES)
    yield HubPlace(Repository.open("moviellm/requests", "dataset"))


def reads(hub_here: Hub) -> int:  # noqa: F811
    return sum("/resolve/" in one.line and one.method == "GET" for one in hub_here.log)


def test_what_did_not_change_is_read_once(place: HubPlace, hub_here: Hub) -> None:  # noqa: F811
    for _ in range(3):
        assert {path: place.look().read(path) for path in FILES} == FILES
    assert reads(hub_here) == len(FILES)


def test_what_was_asked_for_longest_ago_is_read_again(
    place: HubPlace,
    hub_here: Hub,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(places, "KEPT_BYTES", 9)  # of 2 to 5 bytes
    look, (first, second, third, last) = place.look(), FILES
    for path in (first, second, third, first, last):
        assert look.read(path) == FILES[path]
    before = reads(hub_here)
    look.read(last), look.read(first)
    assert reads(hub_here) == before
    look.read(second)
    assert reads(hub_here) == before + 1
