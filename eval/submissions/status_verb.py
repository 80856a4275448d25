"""What `moviellm submit status` does: what became of a request, as the leaderboard's worker has written it.

    moviellm submit status 3f9a2c11 --to ORG/requests

A request is named by its hash, or by the first eight digits or more. It changes nothing, and needs no right to write.
"""

import json
from pathlib import Path
from typing import Any, Final

from moviellm.cards.publishing import hub_in_words
from moviellm.eval.submissions.check_verb import text_of as problems_text
from moviellm.eval.submissions.problems import plain
from moviellm.eval.submissions.sending import REQUEST_FILE, REQUESTS, status_path
from moviellm.eval.submissions.where import dataset_of, folder_of
from moviellm.generation.output import emit

DIGITS_MIN: Final = 8
UNSUCCESSFUL: Final = ("rejected", "failed")


def status(sha256: str, *, to: str, as_json: bool) -> None:
    """`moviellm submit status`: exit 1 where it was rejected or failed."""
    digits = sha256.lower()
    if len(digits) < DIGITS_MIN or len(digits) > 64 or not set(digits) <= set("0123456789abcdef"):
        raise ValueError(f"{sha256!r:.80} names no request; give its hash, or {DIGITS_MIN} digits of it or more")
    folder = folder_of(to, "--to")
    if folder is not None:
        found = _in_folder(folder, digits)
    else:
        with hub_in_words():
            found = _on_the_hub(to, digits)
    emit(found, text_of(found), as_json)
    if found["state"] in UNSUCCESSFUL:
        raise SystemExit(1)


def text_of(status: dict[str, Any]) -> str:
    """A status for people."""
    lines = [f"{status['sha256']}: {plain(str(status['state']))}"]
    if status["state"] not in ("queued", "scored") and status.get("attempts"):
        lines[0] += f", attempt {status['attempts']}"
    problems = [one for one in status.get("problems") or () if isinstance(one, dict)]
    told = [{name: str(one.get(name, "")) for name in ("code", "where", "message")} for one in problems]
    lines += problems_text({"problems": told, "accepted": True}).split("\n")[:-1]
    for task, found in (status.get("scores") or {}).items():
        for name, number in found["metrics"].items():
            lines.append(f"{plain(task)}  {plain(name)}  {_shown(number)}")
    lines += [f"{said}: {plain(str(status[name]))}" for name, said in TOLD.items() if status.get(name)]
    return "\n".join(lines)


TOLD: Final = {
    "scored_at": "scored at",
    "result_path": "with the results in",
    "pull_request": "proposed to the model's page",
}


def _shown(number: dict[str, Any]) -> str:
    if number["value"] is None:
        return "none"
    ends = "" if number["low"] is None else f"  [{number['low']:.3f}, {number['high']:.3f}]"
    return f"{number['value']:.3f}{ends}  n={number['n']}"


def _in_folder(folder: Path, digits: str) -> dict[str, Any]:
    sha256 = _one(digits, [path.parent.name for path in folder.glob(f"{REQUESTS}/*/{REQUEST_FILE}")], str(folder))
    path = folder / status_path(sha256)
    return _read(sha256, path.read_bytes() if path.is_file() else None)


def _on_the_hub(to: str, digits: str) -> dict[str, Any]:
    repository = dataset_of(to, "--to")
    head = repository.head("main")
    tree = repository.tree(head)
    there = [path.split("/")[1] for path in tree if path.startswith(f"{REQUESTS}/") and path.endswith(REQUEST_FILE)]
    sha256 = _one(digits, there, to)
    path = status_path(sha256)
    return _read(sha256, repository.read(path, head) if path in tree else None)


def _one(digits: str, there: list[str], place: str) -> str:
    found = sorted(name for name in there if name.startswith(digits))
    if len(found) != 1:
        many = f"{len(found)} requests begin so" if found else "no request begins so"
        raise ValueError(f"{digits}: {many} in {place}; moviellm submit send says the hash of what it sent")
    return found[0]


def _read(sha256: str, data: bytes | None) -> dict[str, Any]:
    """The status; of a request that no worker has seen yet, `queued`.

    Raises:
        ValueError: somebody else than a worker has written it.
    """
    try:
        told = {} if data is None else json.loads(data)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise ValueError(f"{status_path(sha256)} cannot be read; ask who keeps the leaderboard")
    return {"sha256": sha256, "state": "queued", **told}
