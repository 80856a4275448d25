"""Leases in a store: one holder at a time, a dead one is followed, a late one is told."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from moviellm.generation.buckets import leases
from moviellm.generation.buckets.leases import Lease, LostError, Maker, Watch, holders, take
from moviellm.generation.buckets.store import Store
from moviellm.generation.runs.lock import HeldError, lock_run
from tests.generation.buckets.kit import URL, Memory

OF = "000012"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store in memory, and a hurry."""
    monkeypatch.setattr(leases, "BEAT_S", 0.02)
    monkeypatch.setattr(leases, "STALE_S", 0.3)
    monkeypatch.setattr(leases, "POLL_S", 0.02)
    yield Store(URL, Memory())


def maker(name: str) -> Maker:
    """Somebody whose folder is on another machine."""
    return Maker(name, Path("/elsewhere") / name)


def dead(store: Store, number: int = 4) -> None:
    """What a maker on another machine left."""
    body = {"who": "node-9 process 1", "host": "node-9", "folder": "/x", "nonce": "0", "beat": 7}
    assert store.create(f"lease/{OF}/{number:04d}", json.dumps(body).encode())


def test_a_second_maker_is_refused_by_the_name_of_the_first(store: Store) -> None:
    first = take(store, OF, maker("ada"), 0.0)
    with pytest.raises(HeldError, match="shard 12 is being made by ada"):
        take(store, OF, maker("bob"), 0.05)
    with pytest.raises(HeldError):  # seen to live, although it would wait
        take(store, OF, maker("bob"), None, if_alive=False)
    assert holders(store) == {OF: "ada"}
    first.release()
    assert store.names("lease") == {}
    take(store, OF, maker("bob"), 0.0).release()


def test_who_waits_gets_it_when_it_is_given_back(store: Store) -> None:
    first = take(store, OF, maker("ada"), 0.0)
    threading.Timer(0.5, first.release).start()
    start = time.monotonic()
    take(store, OF, maker("bob"), None).release()
    assert time.monotonic() - start >= 0.4


@pytest.mark.parametrize(("wait_s", "if_alive"), [(0.05, True), (None, False)])
def test_one_that_was_never_seen_to_live_is_waited_for_until_it_is_stale(
    store: Store, wait_s: float | None, if_alive: bool
) -> None:
    dead(store)
    lease = take(store, OF, maker("bob"), wait_s, if_alive=if_alive)
    assert lease.after_dead
    lease.release()


def test_a_holder_that_does_not_renew_is_followed_by_the_next_number(store: Store) -> None:
    dead(store)
    start = time.monotonic()
    lease = take(store, OF, maker("bob"), None)
    assert time.monotonic() - start >= 0.3
    assert lease.number == 5
    assert lease.after_dead
    assert store.names("lease") == {lease.name: len(store.get(lease.name) or b"")}
    lease.release()


def test_a_maker_that_was_followed_is_told_and_writes_its_lease_no_more(store: Store) -> None:
    slow = take(store, OF, maker("ada"), 0.0)
    assert store.create(f"lease/{OF}/0002", b'{"who": "bob"}')
    store.delete([slow.name])
    for _ in range(200):
        if slow.lost is not None:
            break
        time.sleep(0.02)
    with pytest.raises(LostError, match="another maker has taken over"):
        slow.check()
    slow.release()
    assert set(store.names("lease")) == {f"lease/{OF}/0002"}


def test_a_holder_that_cannot_renew_waits_and_then_stops(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    lease = take(store, OF, maker("ada"), 0.0)
    store.patience_s = 0.3
    monkeypatch.setattr(Lease, "_renew", lambda self: None)
    time.sleep(0.4)
    assert not lease.sure()
    with pytest.raises(LostError, match="has not answered"):
        lease.check()
    lease.release()


def test_a_holder_that_can_renew_again_goes_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    lease, renew = take(store, OF, maker("ada"), 0.0), Lease._renew
    monkeypatch.setattr(Lease, "_renew", lambda self: None)
    time.sleep(0.4)
    assert not lease.sure()
    monkeypatch.setattr(Lease, "_renew", renew)
    lease.check()
    assert lease.sure()
    lease.release()


def test_a_holder_that_was_followed_while_it_could_not_renew_is_told(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease, renew = take(store, OF, maker("ada"), 0.0), Lease._renew
    monkeypatch.setattr(Lease, "_renew", lambda self: None)
    later = take(store, OF, maker("bob"), None)
    monkeypatch.setattr(Lease, "_renew", renew)
    with pytest.raises(LostError, match="another maker has taken over"):
        lease.check()
    later.release()
    lease.release()


def test_a_holder_of_this_machine_that_is_gone_is_not_waited_for(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    with lock_run(folder):
        body = {"who": "me", "host": socket.gethostname(), "folder": str(folder), "nonce": "0", "beat": 0}
        store.create(f"lease/{OF}/0001", json.dumps(body).encode())
        with pytest.raises(HeldError):
            take(store, OF, maker("bob"), 0.0)
    start = time.monotonic()
    take(store, OF, maker("bob"), None).release()
    assert time.monotonic() - start < 0.25


def test_numbers_stay_above_those_of_segments_that_are_there(store: Store) -> None:
    lease = take(store, OF, maker("ada"), 0.0, after=41)
    assert lease.number == 42
    assert lease.label.startswith("0042-")
    lease.release()


def test_one_that_slept_does_not_take_the_same_number_of_a_later_holder_for_its_own(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    renew, awake = Lease._renew, threading.Event()

    def asleep(self: Lease) -> None:
        if self.nonce != slow.nonce or awake.wait():
            renew(self)

    slow = take(store, "run", maker("ada"), 0.0)
    monkeypatch.setattr(Lease, "_renew", asleep)
    time.sleep(0.1)
    take(store, "run", maker("bob"), None).release()
    later = take(store, "run", maker("cid"), None)
    assert later.number == slow.number
    awake.set()
    slow.release()
    assert holders(store) == {"run": "cid"}
    with pytest.raises(LostError, match="another maker has taken over"):
        slow.check()
    later.release()


def test_who_watches_sees_a_holder_on_another_machine_go(store: Store) -> None:
    dead(store)
    watch = Watch(store)
    lives = take(store, "000013", maker("ada"), 0.0)
    assert watch.holders() == {OF: "node-9 process 1", "000013": "ada"}
    time.sleep(0.4)
    assert watch.holders() == {"000013": "ada"}
    lives.release()
