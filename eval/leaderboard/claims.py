"""Whose turn a request is: claims, as `status/SHA.json` holds them, with leases that end by themselves.

    claims = Claims(place, Terms(lease_s=900, attempts=3))
    claim = claims.take(request)                    # None: somebody has it, it is done, or it must wait
    claims.renew(claim)                             # False: the lease was over and another worker has it now
    claims.settle(claim, "scored", scores=...)      # what the submitter reads; False where it is another's by now

A status is changed by compare-and-swap (places.py), so that of several workers one has the claim. A worker that was
killed leaves a claim whose lease ends; the next one takes it over. Times are those of the workers' clocks: a lease is
far longer than clocks differ. It reads no bundle and scores nothing.
"""

import json
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from moviellm.eval.leaderboard.incoming import Request
from moviellm.eval.leaderboard.places import Look, Place
from moviellm.eval.submissions.sending import STATUS, status_path

STATUS_VERSION: Final = "1.0"
State = Literal["queued", "scoring", "scored", "rejected", "failed"]
ENDS: Final = ("scored", "rejected", "failed")
DAY: Final = timedelta(days=1)
BEGINNING: Final = datetime(1, 1, 1, tzinfo=UTC)
Problem = Mapping[str, str]


def now() -> datetime:
    """The time, as claims count it."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Terms:
    """What a worker goes by."""

    lease_s: float = 900.0
    """How long a claim holds without being renewed."""
    attempts: int = 3
    """Times that a request is begun before it counts as failed."""
    per_day: int | None = None
    """Requests of one submitter that are scored within 24 hours; None for as many as come."""
    worker: str = ""
    """Name of the worker, as statuses show it; one that comes back under its name has its claims at once."""
    retry_failed: bool = False
    """Requests that failed are begun once more."""


@dataclass(frozen=True)
class Claim:
    """A request that is this worker's for a while."""

    request: Request
    token: str
    """Nobody else has it: by it a worker knows its own claim again."""
    attempt: int


def status_of(look: Look, sha256: str) -> dict[str, Any]:
    """The status of a request, with every field that is needed; one that cannot be read is a new one."""
    told = look.json(status_path(sha256)) or {}
    state = told.get("state")
    attempts = told.get("attempts")
    claim = told.get("claim")
    return {
        "status_version": STATUS_VERSION,
        "sha256": sha256,
        "state": state if state in (*ENDS, "scoring") else "queued",
        "submitter": told.get("submitter"),
        "problems": told.get("problems") if isinstance(told.get("problems"), list) else [],
        "attempts": attempts if type(attempts) is int and attempts >= 0 else 0,
        **{name: told[name] for name in ("scores", "scored_at", "result_path", "pull_request") if name in told},
        "claim": claim if isinstance(claim, dict) else {},
    }


def text_of(status: Mapping[str, Any]) -> bytes:
    """status/SHA.json."""
    told = {name: value for name, value in status.items() if name != "claim" or value}
    return (json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False) + "\n").encode()


class Claims:
    """The statuses of a place of requests."""

    def __init__(self, place: Place, terms: Terms, clock: Callable[[], datetime] = now) -> None:
        self._place, self.terms, self._clock = place, terms, clock

    def take(self, request: Request) -> Claim | None:
        """Claim a request; None where it is another's, done, or has to wait."""
        token = secrets.token_hex(16)

        def wanted(look: Look) -> dict[str, bytes]:
            status = status_of(look, request.sha256)
            if status["claim"].get("token") == token or not self.may_begin(status):
                return {}
            if (said := self._waits(look, request)) is not None:
                if self._was_told(status["problems"], said["code"]):
                    return {}
                told = {**status, "state": "queued", "submitter": request.submitter, "problems": [said], "claim": {}}
            elif status["attempts"] >= self.terms.attempts and status["state"] == "scoring":
                told = {**status, "state": "failed", "problems": [_ended(status["attempts"])], "claim": {}}
            else:
                told = self._begun(status, request, token)
            data = text_of(told)
            return {} if look.read(status_path(request.sha256)) == data else {status_path(request.sha256): data}

        look = self._place.change(wanted, f"Claim {request.sha256[:12]}")
        status = status_of(look, request.sha256)
        return Claim(request, token, status["attempts"]) if status["claim"].get("token") == token else None

    def may_begin(self, status: Mapping[str, Any]) -> bool:
        """Whether nobody has a request and it is not done."""
        if status["state"] == "scoring":
            mine = bool(self.terms.worker) and status["claim"].get("worker") == self.terms.worker
            return mine or time_of(status["claim"].get("until")) <= self._clock()
        return status["state"] == "queued" or (status["state"] == "failed" and self.terms.retry_failed)

    def renew(self, claim: Claim) -> bool:
        """Hold a claim for another lease; False where it is another's now."""
        until = self._until()

        def change(status: dict[str, Any]) -> dict[str, Any]:
            return {**status, "claim": {**status["claim"], "until": until}}

        return self._change(claim, change, f"Hold {claim.request.sha256[:12]}")

    def settle(
        self, claim: Claim, state: State, problems: Sequence[Problem] = (), *, attempts: int | None = None, **more: Any
    ) -> bool:
        """Say what became of a request and let go of it; False where it is another's now.

        Args:
            attempts: How many there were; None: this one counts.
            more: `scores`, `scored_at`, `result_path`, `pull_request`.
        """

        def change(status: dict[str, Any]) -> dict[str, Any]:
            counted = status["attempts"] if attempts is None else attempts
            told = {**status, "state": state, "problems": [*problems], "attempts": counted, **more, "claim": {}}
            return {name: value for name, value in told.items() if value is not None}

        return self._change(claim, change, f"{state.capitalize()} {claim.request.sha256[:12]}")

    def refuse(self, sha256: str, problem: Problem) -> None:
        """Say of what is no request that it is none."""

        def wanted(look: Look) -> dict[str, bytes]:
            status = status_of(look, sha256)
            if not self.may_begin(status):
                return {}
            told = {**status, "state": "rejected", "problems": [problem], "claim": {}}
            return {status_path(sha256): text_of(told)}

        self._place.change(wanted, f"Rejected {sha256[:12]}")

    @contextmanager
    def held(self, claim: Claim) -> Iterator[None]:
        """Renew a claim as long as the work lasts."""
        done = threading.Event()

        def hold() -> None:
            while not done.wait(self.terms.lease_s / 3):
                try:
                    if not self.renew(claim):
                        return
                except (OSError, ValueError):
                    continue  # what cannot be renewed ends; the results are written once all the same

        thread = threading.Thread(target=hold, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _begun(self, status: Mapping[str, Any], request: Request, token: str) -> dict[str, Any]:
        again = self.terms.retry_failed and status["state"] == "failed"
        claim = {"worker": self.terms.worker or "worker", "token": token, "until": self._until()}
        attempts = 1 if again else status["attempts"] + 1
        told = {**status, "state": "scoring", "submitter": request.submitter, "problems": [], "attempts": attempts}
        return {**told, "claim": claim}

    def _change(self, claim: Claim, change: Callable[[dict[str, Any]], dict[str, Any]], title: str) -> bool:
        path = status_path(claim.request.sha256)
        written = None

        def wanted(look: Look) -> dict[str, bytes]:
            nonlocal written
            status = status_of(look, claim.request.sha256)
            if status["claim"].get("token") != claim.token:
                return {}
            written = text_of(change(status))
            return {} if look.read(path) == written else {path: written}

        look = self._place.change(wanted, title)
        return written is not None and look.read(path) == written

    def _waits(self, look: Look, request: Request) -> Problem | None:
        """Why a submitter has to wait; None where there is room."""
        most = self.terms.per_day
        if most is None:
            return None
        since = self._clock() - DAY
        taken: list[datetime] = []
        for path in look.files:
            sha256 = path.removeprefix(f"{STATUS}/").removesuffix(".json")
            if path != status_path(sha256) or sha256 == request.sha256:
                continue
            status = status_of(look, sha256)
            if status["submitter"] != request.submitter:
                continue
            if status["state"] == "scoring":
                taken.append(self._clock())
            elif status["state"] == "scored" and time_of(status.get("scored_at")) > since:
                taken.append(time_of(status["scored_at"]))
        if len(taken) < most:
            return None
        until = sorted(taken)[-most] + DAY
        said = f"{most} of a submitter are scored in 24 hours; it waits until {until.isoformat(timespec='minutes')}"
        return {"code": "R004", "where": "request.json: submitter", "message": said}

    def _was_told(self, problems: Sequence[Any], code: str) -> bool:
        """Whether a status says that a request waits, until a time that is still to come."""
        told = [one for one in problems if isinstance(one, dict)]
        if [one.get("code") for one in told] != [code]:
            return False
        return time_of(str(told[0].get("message")).rpartition(" ")[2]) > self._clock()

    def _until(self) -> str:
        return (self._clock() + timedelta(seconds=self.terms.lease_s)).isoformat(timespec="seconds")


def _ended(attempts: int) -> Problem:
    said = f"its scoring was begun {attempts} times and came to no end; whoever keeps the leaderboard can try again"
    return {"code": "R005", "where": "request", "message": said}


def time_of(text: Any) -> datetime:
    """A time; the beginning of time where it is none."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return BEGINNING
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
