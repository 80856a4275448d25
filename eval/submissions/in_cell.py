"""What is called in a cell: a bundle is checked, put into its one form, or scored. Arguments and answers are JSON.

It is the only module of this room that a cell is asked to call; see cell.py for who calls it and how.
"""

from pathlib import Path
from typing import Any

from moviellm.eval.submissions.canonical import canonical_files, sha256_of
from moviellm.eval.submissions.checking import Submission, check_bundle
from moviellm.eval.submissions.index import read_index


def check(bundle: str, index: str, task: str | None) -> dict[str, Any]:
    """The problems of a bundle."""
    return check_bundle(Path(bundle), read_index(Path(index)), task=task).problems.facts()


def canonical(bundle: str, index: str, out: str) -> dict[str, Any]:
    """The problems of a bundle; of one that is accepted its one form, written to a folder, and what it says."""
    found = check_bundle(Path(bundle), read_index(Path(index)), keep=True)
    facts = found.problems.facts()
    if not facts["accepted"]:
        return facts
    files = canonical_files(found.submission)
    for name, data in files.items():
        path = Path(out) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return facts | {"sha256": sha256_of(files), "files": [*files], "declared": found.submission.declared}


def score(bundle: str, index: str, labels: str, split: str, out: str | None) -> dict[str, Any]:
    """The problems of a bundle; of one that is accepted also its results."""
    from moviellm.eval.submissions.scoring import scored

    known = read_index(Path(index))
    found = check_bundle(Path(bundle), known, keep=True)
    facts = found.problems.facts()
    if facts["accepted"]:
        submission: Submission = found.submission
        facts["results"] = scored(submission, Path(labels), split, known, None if out is None else Path(out))
    return facts
