"""One worker of a leaderboard: takes what is waiting, one request after the other, until nothing is.

    worker = Worker(requests, results, labels, terms)
    worker.pass_over()                          # how many requests it brought to an end

For each request: claim it (claims.py), hold it against its hash, score it in a cell, have judges read it, write the
results, tell the submitter. Whatever ends the worker in between, and however, the next one goes on: results are one
change, called by the request's hash and written once; a claim that ended without results is scored by the next one,
results without a status are told. What fails in scoring is begun again, so many times, and is then told as failed; the
queue goes on. What is wrong with the worker itself (labels, judge, Hub) gives the request back and ends it.
"""

import fcntl
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from moviellm.cards.hub.answers import NotThereError
from moviellm.eval.leaderboard import hub_results, interchange
from moviellm.eval.leaderboard.claims import Claim, Claims, Problem, Terms, now, status_of
from moviellm.eval.leaderboard.entries import (
    ENTRY,
    ITEMS,
    TRANSCRIPTS,
    entry_of,
    entry_path,
    item_rows,
    json_of,
    lines_of,
    result_path,
    scores_of,
    transcript_rows,
    with_judgements,
)
from moviellm.eval.leaderboard.incoming import RequestError, check_form, hashes, read_request, write_bundle
from moviellm.eval.leaderboard.judged import BudgetError, Judges
from moviellm.eval.leaderboard.places import Look, Place
from moviellm.eval.submissions.cell import CellError, in_a_cell
from moviellm.eval.submissions.check_verb import IMPORTS, bounds_of
from moviellm.eval.submissions.index import Index, read_index
from moviellm.eval.submissions.problems import plain
from moviellm.eval.submissions.scoring import score_bundle
from moviellm.eval.submissions.sending import CANONICAL
from moviellm.generation.files import DiskError
from moviellm.generation.output import note
from moviellm.generation.protocols import StoppedError

LOCKS: Final = ".locks"
"""Folder of the work folder."""
REASON_MAX: Final = 400
"""Characters of a reason that is noted."""
OWN_FAULTS: Final = (StoppedError, OSError, DiskError, KeyboardInterrupt, SystemExit, GeneratorExit)
"""What is no request's fault: judges, the Hub, the disk, a person."""
Score = Callable[[Path, Path], Mapping[str, Any]]
"""Scores a bundle and leaves a whole run in a folder: `score_bundle`, with what stays the same."""


@dataclass(frozen=True)
class Truth:
    """What submissions are held against."""

    labels: Path
    """Dataset folder whose rows have answers."""
    index_path: Path
    split: str = "test"

    def score(self, bundle: Path, run: Path) -> Mapping[str, Any]:
        """A bundle's numbers; a whole run is left in the folder."""
        return score_bundle(bundle, self.labels, self.index_path, split=self.split, out=run)


@dataclass
class Worker:
    """See the module's docstring."""

    requests: Place
    results: Place
    truth: Truth
    work: Path
    """Where bundles and whole runs lie while they are scored; they hold what is right, and are removed."""
    terms: Terms = field(default_factory=Terms)
    judges: Judges | None = None
    open_prs: bool = False
    reasons: bool = False
    """Judges' words are written too; only where anyone may see the answers."""
    clock: Callable[[], datetime] = now
    score: Score | None = None
    """In place of the cell, for tests."""

    def __post_init__(self) -> None:
        self.index: Index = read_index(self.truth.index_path)
        self.claims = Claims(self.requests, self.terms, self.clock)
        self._given_up: set[str] = set()

    def pass_over(self) -> int:
        """Take what is waiting, until nothing is; how many requests came to an end.

        Raises:
            ValueError, OSError, StoppedError: something is wrong that is no request's fault.
        """
        ended = 0
        while (found := self._next()) is not None:
            ended += self._one(found)
        return ended

    def _next(self) -> Claim | None:
        """Claim what was sent first of all that may be begun."""
        look = self.requests.look()
        requests = []
        for sha256 in hashes(look):
            if sha256 in self._given_up or not self.claims.may_begin(status_of(look, sha256)):
                continue
            try:
                requests.append(read_request(look, sha256, self.index))
            except RequestError as error:
                note(f"{sha256[:12]}: rejected: {error}")
                self.claims.refuse(sha256, error.problem)
        for request in sorted(requests, key=lambda one: (datetime.fromisoformat(one.sent_at), one.sha256)):
            claim = self.claims.take(request)
            if claim is not None:
                return claim
        return None

    def _one(self, claim: Claim) -> bool:
        """Score what was claimed; whether it came to an end."""
        request, folder = claim.request, self.work / claim.request.sha256
        note(f"{request.sha256[:12]}: {request.display_name} of {request.submitter}, attempt {claim.attempt}")
        try:
            with self.claims.held(claim), self._alone(claim):
                self._to_the_end(claim, folder)
                shutil.rmtree(folder, ignore_errors=True)
        except RejectedError as error:
            self.claims.settle(claim, "rejected", error.problems)
            note(f"{request.sha256[:12]}: rejected: {error}")
            shutil.rmtree(folder, ignore_errors=True)
        except OWN_FAULTS as error:
            self._give_back(claim, error)
            raise
        except Exception as error:  # whatever it is, the next request is not to blame
            return self._failed(claim, error)
        return True

    @contextmanager
    def _alone(self, claim: Claim) -> Iterator[None]:
        """Wait for another worker of the same folder that lost its claim and does not know it yet."""
        path = self.work / LOCKS / claim.request.sha256
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(path, "ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # given back by the kernel, however a process ends
            yield

    def _to_the_end(self, claim: Claim, folder: Path) -> None:
        entry = self._entry(claim, folder)
        told = {"scores": scores_of(entry["tasks"]), "scored_at": entry["scored_at"]}
        told["result_path"] = result_path(claim.request.sha256)
        if self.open_prs:
            told["pull_request"] = self._propose(entry)
        self.claims.settle(claim, "scored", entry.get("warnings", ()), **told)
        note(f"{claim.request.sha256[:12]}: scored")

    def _failed(self, claim: Claim, error: Exception) -> bool:
        """Another attempt, or none; whoever keeps the leaderboard is told all, the submitter what tells no answer."""
        last = claim.attempt >= self.terms.attempts
        said = {"code": "R006", "where": "scoring", "message": f"attempt {claim.attempt}: {_reason(error)}"}
        self.claims.settle(claim, "failed" if last else "queued", [said])
        if last:
            self._given_up.add(claim.request.sha256)
        after = "failed" if last else "it is tried again"
        note(f"{claim.request.sha256[:12]}: {type(error).__name__}: {plain(str(error))[:REASON_MAX]}; {after}")
        return last

    def _give_back(self, claim: Claim, error: BaseException) -> None:
        """Let others have a request where this worker cannot go on; the attempt does not count."""
        code = "R007" if isinstance(error, BudgetError) else "R008"
        said = "judges have no money left" if code == "R007" else "the leaderboard could not go on"
        problem = {"code": code, "where": "leaderboard", "message": f"{said}; it waits for its turn"}
        with suppress(OSError, ValueError):  # where the place cannot be reached, the lease will end
            self.claims.settle(claim, "queued", [problem], attempts=claim.attempt - 1)

    def _entry(self, claim: Claim, folder: Path) -> Mapping[str, Any]:
        """The row of a request: as it is there already, or made now."""
        sha256 = claim.request.sha256
        look = self.results.look()
        if (there := _entry_in(look, sha256)) is not None:
            return there
        files = self._made(claim, self.requests.look(), folder)

        def wanted(look: Look) -> Mapping[str, bytes]:
            return {} if _entry_in(look, sha256) is not None else files

        look = self.results.change(wanted, f"Results of {sha256[:12]}")
        found = _entry_in(look, sha256)
        assert found is not None, "it was written, by this worker or another"
        return found

    def _made(self, claim: Claim, look: Look, folder: Path) -> dict[str, bytes]:
        """What is to be written of a request; the row comes last."""
        request, run = claim.request, folder / "run"
        bundle = self._bundle(claim, look, folder)
        found = (self.score or self.truth.score)(bundle, run)
        if not found["accepted"]:  # it was a moment ago: its reader was ended
            raise ScoringError(found["problems"][0]["message"])
        if self.judges is not None:
            self.judges.read(run)
        made = entry_of(
            found["results"],
            self.index,
            sha256=request.sha256,
            submitter=request.submitter,
            sent_at=request.sent_at,
            scored_at=self.clock(),
        )
        left_out = None if self.judges is None else self.judges.left_out
        entry = {**with_judgements(made, run), "warnings": [*found["problems"], *_unjudged(left_out)]}
        entry |= {} if left_out is None else {"judges_left_out": left_out}
        address = self.results.address(result_path(request.sha256))
        name = hub_results.name_of(entry)
        files = {
            ITEMS: lines_of(item_rows(run, self.index)),
            TRANSCRIPTS: lines_of(transcript_rows(run, reasons=self.reasons)),
            interchange.FILE: json_of(interchange.interchange(entry, address)),
        }
        if entries := hub_results.hub_entries(entry, address):
            files[f"{hub_results.FOLDER}/{name}.yaml"] = hub_results.yaml_of(entries, name)
        files[ENTRY] = json_of(entry)
        return {f"{result_path(request.sha256)}/{path}": data for path, data in files.items()}

    def _bundle(self, claim: Claim, look: Look, folder: Path) -> Path:
        """The bundle in its one form, made anew from what was sent, in a cell."""
        request = claim.request
        shutil.rmtree(folder / "sent", ignore_errors=True)
        shutil.rmtree(folder / "bundle", ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            write_bundle(look, request, self.index, folder / "sent")
            (folder / "bundle").mkdir()
            arguments = {
                "bundle": str((folder / "sent").absolute()),
                "index": str(self.truth.index_path.absolute()),
                "out": str((folder / "bundle").absolute()),
            }
            bounds = bounds_of(self.index, keep=True)
            facts = in_a_cell(CANONICAL, arguments, bounds, work=folder / "bundle", imports=IMPORTS).value
            if not facts["accepted"]:
                raise RejectedError(facts["problems"])
            check_form(facts, request)
        except RequestError as error:
            raise RejectedError([error.problem]) from None
        return folder / "bundle"

    def _propose(self, entry: Mapping[str, Any]) -> str | None:
        """A pull request on the model's repository; None where there can be none."""
        entries = hub_results.hub_entries(entry, self.results.address(result_path(entry["sha256"])))
        if not entries:
            return None
        try:
            return hub_results.propose(entry, entries, hub_results.name_of(entry))
        except (NotThereError, ValueError) as error:
            note(f"{entry['sha256'][:12]}: no pull request: {error}")
            return None


class RejectedError(Exception):
    """A request that will never be scored."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{one['code']} {one['message']}" for one in problems[:3]))
        self.problems = problems


class ScoringError(Exception):
    """Scoring that came to no end, for once."""


def _unjudged(reason: str | None) -> list[Problem]:
    """What a submitter is told where a judge was not admitted."""
    if reason is None:
        return []
    return [{"code": "R009", "where": "judges", "message": f"scored without its judged numbers: {reason}"}]


def _reason(error: Exception) -> str:
    """Why scoring came to no end, in words that hold nothing of what was read."""
    if isinstance(error, CellError):
        return str(error) if error.reason in ("time", "memory") else "scoring was ended before it was done"
    return f"scoring could not be done ({type(error).__name__})"


def _entry_in(look: Look, sha256: str) -> dict[str, Any] | None:
    return look.json(entry_path(sha256))
