"""What `moviellm leaderboard score` does: a worker is set up, works, and says what became of the requests.

    moviellm leaderboard score --requests ORG/requests --results ORG/results --labels private
    moviellm leaderboard score --requests queue --results results --labels bench/private --watch

Labels are a dataset folder, or a private dataset on the Hub (`ORG/labels`, `ORG/labels@v1.0.0`) that is fetched once.
The index is the benchmark's own where it lies with the labels, else the one with the requests. It decides nothing
about a request: see worker.py.
"""

import hashlib
import secrets
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from moviellm.cards.hub.answers import patiently
from moviellm.cards.publishing import hub_in_words
from moviellm.eval.leaderboard.claims import Terms, status_of
from moviellm.eval.leaderboard.incoming import hashes
from moviellm.eval.leaderboard.judged import BudgetError, Judges
from moviellm.eval.leaderboard.places import Look, Place, is_public, open_place
from moviellm.eval.leaderboard.worker import Truth, Worker
from moviellm.eval.submissions.index import INDEX_FILE, Index, read_index
from moviellm.eval.submissions.where import folder_of
from moviellm.generation.files import write_whole
from moviellm.generation.output import emit, note
from moviellm.generation.protocols import StoppedError

CACHE: Final = "~/.cache/moviellm/leaderboard"
STATES: Final = ("scored", "rejected", "failed", "queued", "scoring")


@dataclass(frozen=True, kw_only=True)
class Wish:
    """The options of the verb."""

    requests: str
    results: str
    labels: str
    index: Path | None = None
    split: str = "test"
    judges: tuple[str, ...] = ()
    rubric: str | None = None
    max_usd: float | None = None
    gates: tuple[Path, ...] = ()
    watch: bool = False
    every_s: float = 60.0
    lease_s: float = 900.0
    attempts: int = 3
    per_day: int | None = None
    worker: str | None = None
    work: Path | None = None
    retry_failed: bool = False
    open_prs: bool = False
    reasons: bool = False


def score(wish: Wish, *, as_json: bool) -> None:
    """`moviellm leaderboard score`.

    Raises:
        ValueError: an option is wrong, or labels, index and places do not fit each other.
    """
    _check(wish)
    with hub_in_words():
        worker = open_worker(wish)
        try:
            _watch(worker, wish) if wish.watch else worker.pass_over()
        except BudgetError as error:
            note(f"{error}; what is not judged waits")
        except StoppedError as error:
            note(f"stopped: {error}; what is not judged waits")
            raise SystemExit(1) from None
        counts = counted(worker.requests.look())
    spent_usd = worker.judges.spent_usd if worker.judges else 0.0
    facts = {"requests": counts, "spent_usd": round(spent_usd, 6), "worker": worker.terms.worker}
    text = ", ".join(f"{counts[state]} {state}" for state in STATES if counts[state])
    emit(facts, text or "no requests", as_json)
    if counts["failed"]:
        raise SystemExit(1)


def _check(wish: Wish) -> None:
    if wish.max_usd is not None and not wish.judges:
        raise ValueError("--max-usd is what judges may cost; name one with --judge")
    if wish.gates and not wish.judges:
        raise ValueError("--gate says that a judge may judge; name it with --judge")
    if wish.attempts < 1 or wish.lease_s < 1 or wish.every_s <= 0 or (wish.per_day is not None and wish.per_day < 1):
        raise ValueError("--attempts, --lease-s, --every-s and --per-day are 1 or more")


def open_worker(wish: Wish) -> Worker:
    """A worker that is ready: places are there, and the labels hold what the index asks."""
    requests = open_place(wish.requests, "--requests")
    results = open_place(wish.results, "--results", make=True)
    if not wish.reasons:
        _tell_public(requests, results)
    work = (wish.work or Path(CACHE) / _name_of(requests, results)).expanduser()
    work.mkdir(parents=True, exist_ok=True, mode=0o700)
    labels = open_labels(wish.labels, work)
    index = wish.index or _index(labels, requests, work)
    check_labels(labels, read_index(index), wish.split)
    terms = Terms(
        lease_s=wish.lease_s,
        attempts=wish.attempts,
        per_day=wish.per_day,
        worker=wish.worker or f"worker-{secrets.token_hex(4)}",
        retry_failed=wish.retry_failed,
    )
    judges = None
    if wish.judges:
        judges = Judges(names=wish.judges, data=labels, rubric=wish.rubric, max_usd=wish.max_usd, gates=wish.gates)
        judges.check()
    return Worker(
        requests=requests,
        results=results,
        truth=Truth(labels, index, wish.split),
        work=work,
        terms=terms,
        judges=judges,
        open_prs=wish.open_prs,
        reasons=wish.reasons,
    )


def _tell_public(*places: Place) -> None:
    """Say which places are open, where the answers are not."""
    for place in filter(is_public, places):
        note(
            f"{place.name} is public: predictions with scores by question tell the answers of a hidden test; make it "
            f"private, or call the test known and say --reasons"
        )


def counted(look: Look) -> dict[str, int]:
    """Requests by state."""
    found = Counter(status_of(look, sha256)["state"] for sha256 in hashes(look))
    return {state: found[state] for state in STATES}


def check_labels(labels: Path, index: Index, split: str) -> None:
    """Refuse labels that do not say what is right of every item of the index, or are of another version.

    Raises:
        ValueError: they do not, or are.
    """
    from moviellm.eval.tasks.items import open_data

    known = open_data(str(labels), split=split).questions
    lacking = [item for items in index.tasks.values() for item in items if item not in known]
    if lacking:
        raise ValueError(
            f"--labels {labels}, split {split}, lacks {len(lacking)} items of the index, the first {lacking[0]}; take "
            f"the labels of {index.benchmark} at {index.revision}"
        )
    asked = [(item, said, known[item]) for items in index.tasks.values() for item, said in items.items()]
    if untold := [item for item, _, found in asked if found.withheld]:
        raise ValueError(
            f"--labels {labels} does not say what is right of {len(untold)} items, the first {untold[0]}; it is the "
            f"public side of the benchmark, and labels are the private one"
        )
    # Ids return in other versions; lengths of movies and numbers of options hardly do.
    other = [
        item
        for item, said, found in asked
        if said.duration not in (None, found.duration_s) or said.n_options not in (None, len(found.options))
    ]
    if other:
        raise ValueError(
            f"--labels {labels} has another movie or other options for {len(other)} items, the first {other[0]}; take "
            f"the labels of {index.benchmark} at {index.revision}, by their tag: ORG/labels@v1.0.0"
        )


def _watch(worker: Worker, wish: Wish) -> None:
    """Work until stopped: a Hub out of reach is waited for."""
    while True:
        try:
            worker.pass_over()
        except (ConnectionError, TimeoutError) as error:
            note(f"{error}; it is tried again in {wish.every_s:g} s")
        time.sleep(wish.every_s)


def _name_of(requests: Place, results: Place) -> str:
    return hashlib.sha256(f"{requests.name}\n{results.name}".encode()).hexdigest()[:16]


def open_labels(text: str, work: Path) -> Path:
    """A folder with the labels; those of the Hub (`ORG/NAME@REVISION`) are fetched, and only what changed.

    Raises:
        ValueError: there are none, or the Hub refuses.
    """
    folder = folder_of(text, "--labels")
    if folder is not None:
        return folder
    from huggingface_hub import constants, snapshot_download

    name, _, revision = text.partition("@")
    place = work / "labels"
    patiently(
        lambda: snapshot_download(name, repo_type="dataset", revision=revision or None, local_dir=place),
        constants.ENDPOINT,
        name,
    )
    return place


def _index(labels: Path, requests: Place, work: Path) -> Path:
    """The index that the worker goes by."""
    if (labels / INDEX_FILE).is_file():
        return labels / INDEX_FILE
    data = requests.look().read(INDEX_FILE)
    if data is None:
        raise ValueError(
            f"neither {labels} nor {requests.name} holds an {INDEX_FILE}; give the benchmark's with --index"
        )
    write_whole(work / INDEX_FILE, data)
    return work / INDEX_FILE
