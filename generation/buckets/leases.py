"""Leases: who makes a run in a bucket, or a shard of it, in objects of the store instead of locks of an OS.

    lease = take(store, "000012", me, wait_s=60.0)       # lease/000012/0004, by a conditional put
    lease.check()                                        # raises where somebody else has taken over
    lease.release()

A holder renews its object every few seconds. One that has not changed for `STALE_S`, by the clock of the one who
waits, is dead: the next number follows, and its old holder sees that and stops. No two clocks are compared. A holder
of this machine whose process is gone is known at once, by the lock of its working folder. A lease keeps makers from
doing the same work; that no commit is overwritten is the doing of the conditional put: see keeping.py.
"""

import json
import os
import socket
import threading
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from moviellm.generation.buckets.store import Store, StoreError
from moviellm.generation.runs.lock import HeldError, run_holder

BEAT_S = 5.0
"""Between two renewals."""
STALE_S = 30.0
"""A lease that has not changed for so long has no holder."""
POLL_S = 1.0
RUN = "run"
"""The lease of a whole run."""
FOLDER = "lease"


class LostError(StoreError):
    """Somebody else has taken over what was made here: a holder that did not renew its lease in time."""


@dataclass(frozen=True)
class Maker:
    """A process that makes something of a run."""

    who: str
    """For people."""
    folder: Path
    """Its working folder, whose lock it holds."""


class Lease:
    """A held lease, renewed by a thread until it is released."""

    def __init__(
        self, store: Store, of: str, number: int, body: dict[str, object], *, after_dead: bool = False
    ) -> None:
        self.after_dead = after_dead
        """Whether a holder was found dead: what it did last is not known."""
        self.of, self.number, self.nonce = of, number, str(body["nonce"])
        self.lost: str | None = None
        """Why it is not held any more."""
        self._store, self._body = store, body
        self._renewed = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep_renewing, daemon=True)
        self._thread.start()

    @property
    def name(self) -> str:
        """Its object."""
        return _name(self.of, self.number)

    @property
    def label(self) -> str:
        """Its number and a name that no other maker has: what is written under it belongs to nobody else."""
        return f"{self.number:04d}-{self.nonce}"

    def sure(self) -> bool:
        """Whether nobody can have taken over: it was renewed lately."""
        return self.lost is None and time.monotonic() - self._renewed <= STALE_S

    def check(self) -> None:
        """Wait while others may have taken over: a store that does not answer does not tell.

        Raises:
            LostError: they have, or it has not answered for too long.
        """
        patience_s = STALE_S + self._store.patience_s
        while self.lost is None and not self.sure():
            if time.monotonic() - self._renewed > patience_s:
                self.lost = f"the store has not answered for {patience_s:g} s, and others may have taken over"
            else:
                time.sleep(POLL_S)
        if self.lost is not None:
            raise LostError(
                f"{self._store.url}: {_what(self.of)} is not made here any more: {self.lost}; "
                "everything kept so far is there, and the same command goes on"
            )

    def _keep_renewing(self) -> None:
        while not self._over.wait(BEAT_S) and self.lost is None:
            with suppress(StoreError):  # `check` tells how long ago it was
                self._renew()

    def _renew(self) -> None:
        start = time.monotonic()
        there = [_number(name) for name in self._store.names(f"{FOLDER}/{self.of}")]
        if max(there, default=0) > self.number or not self._is_mine():
            self.lost = "another maker has taken over"
            return
        self._body["beat"] = int(str(self._body["beat"])) + 1
        self._store.put(self.name, _bytes(self._body))
        self._renewed = start

    def _is_mine(self) -> bool:
        """Whether the object is there and ours: after one who took over has given it back, numbers come again."""
        return _read(self._store.get(self.name) or b"").get("nonce") == self.nonce

    def release(self) -> None:
        """Give it back, so that the next maker need not wait."""
        self._over.set()
        self._thread.join()
        if self.lost is None:
            with suppress(StoreError):  # it goes stale
                if self._is_mine():
                    self._store.delete([self.name])


def take(store: Store, of: str, me: Maker, wait_s: float | None, *, after: int = 0, if_alive: bool = True) -> Lease:
    """Take a lease, also that of a holder that is gone.

    Args:
        of: `run`, or the number of a shard.
        wait_s: how long to wait for a holder that was seen to live; None waits for ever. One that was not is waited
            for until its lease is stale.
        after: the number is to be above this one.
        if_alive: wait for one that is seen to live, too.

    Raises:
        HeldError: somebody else holds it.
        StoreError: the store would not take it.
    """
    seen: tuple[str, bytes] | None = None
    since = start = time.monotonic()
    first, lives = True, False
    while True:
        numbers = sorted(_number(name) for name in store.names(f"{FOLDER}/{of}"))
        top = numbers[-1] if numbers else None
        body = None if top is None else store.get(_name(of, top)) or b""  # given back meanwhile: the next look tells
        if body is not None and not _died_here(body):
            now = (_name(of, int(top or 0)), body)
            if now != seen:
                lives = seen is not None
                seen, since = now, time.monotonic()
            waited = wait_s is not None and time.monotonic() - start > wait_s
            if (lives and not if_alive) or (waited and (lives or _lives_here(body))):
                raise HeldError(f"{store.url}: {_what(of)} is being made by {_who(body)}; wait for it or stop it")
            if time.monotonic() - since < STALE_S:
                if first:
                    _say_waiting(of, body)
                    first = False
                time.sleep(POLL_S)
                continue
        number = 1 + max(after, top or 0)
        mine: dict[str, object] = {
            "who": me.who,
            "host": socket.gethostname(),
            "folder": str(me.folder),
            "nonce": uuid.uuid4().hex[:8],
            "beat": 0,
        }
        if store.create(_name(of, number), _bytes(mine)):
            store.delete([_name(of, one) for one in numbers])
            return Lease(store, of, number, mine, after_dead=top is not None)
        if wait_s is not None and time.monotonic() - start > wait_s:
            raise HeldError(f"{store.url}: {_what(of)} was just taken by another maker; wait for it or stop it")
        time.sleep(POLL_S)


def holders(store: Store) -> dict[str, str]:
    """Who holds what: `run` or a shard's number -> the holder, in its own words. It may have died just now."""
    return {of: _who(body) for of, body in _held(store).items()}


class Watch:
    """Who holds what, for one who looks again and again: a lease that does not change any more has no holder."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen: dict[str, tuple[bytes, float]] = {}

    def holders(self) -> dict[str, str]:
        """As `holders`, without those that were seen unchanged for `STALE_S`."""
        now, before = time.monotonic(), self._seen
        self._seen = {
            of: before[of] if of in before and before[of][0] == body else (body, now)
            for of, body in _held(self._store).items()
        }
        return {of: _who(body) for of, (body, since) in self._seen.items() if now - since < STALE_S}


def _held(store: Store) -> dict[str, bytes]:
    names = store.names(FOLDER)
    found = {_of(name): body for name, body in sorted(store.get_all(names).items())}
    return {of: body for of, body in found.items() if not _died_here(body)}


def _say_waiting(of: str, body: bytes) -> None:
    from moviellm.generation.output import note

    note(f"{_what(of)} was being made by {_who(body)}; waiting to see whether it still is (up to {STALE_S:g} s)")


def _name(of: str, number: int) -> str:
    return f"{FOLDER}/{of}/{number:04d}"


def _number(name: str) -> int:
    last = name.rsplit("/", 1)[-1]
    return int(last) if last.isdecimal() else 0


def _of(name: str) -> str:
    return name.split("/")[1]


def _what(of: str) -> str:
    return "the run" if of == RUN else f"shard {int(of)}"


def _bytes(body: dict[str, object]) -> bytes:
    return json.dumps(body).encode()


def _read(body: bytes) -> dict[str, object]:
    with suppress(ValueError):
        found = json.loads(body)
        if isinstance(found, dict):
            return found
    return {}


def _who(body: bytes) -> str:
    return str(_read(body).get("who") or "another maker")


def _died_here(body: bytes) -> bool:
    """Whether the holder was a process of this machine that is gone: its folder is there, and nobody locks it."""
    folder = _folder_here(body)
    return folder is not None and run_holder(folder) is None


def _lives_here(body: bytes) -> bool:
    """Whether the holder is a process of this machine that locks its folder."""
    folder = _folder_here(body)
    return folder is not None and run_holder(folder) is not None


def _folder_here(body: bytes) -> Path | None:
    """The working folder of a holder of this machine; None of another's, and where it is gone."""
    found = _read(body)
    folder = Path(str(found.get("folder") or "/nowhere"))
    return folder if found.get("host") == socket.gethostname() and os.path.isfile(folder / "lock") else None
