"""An accepted bundle in its one form: the same predictions give the same files and the same hash, however they came.

    submission = check_bundle(path, index, keep=True).submission
    files = canonical_files(submission)             # {"submission.yaml": b"...", "predictions/qa_mc.jsonl": b"..."}
    sha256_of(files)                                # what a request is called by

Folder or zip, lines or Parquet, the order of lines and fields, a byte order mark: none of it shows. What a leaderboard
keeps and scores is this form, so that no byte of the bundle itself goes further. It checks nothing.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from moviellm.eval.submissions.bundles import DECLARATION, FOLDER
from moviellm.eval.submissions.checking import Submission
from moviellm.generation.schema import canonical_json


def canonical_files(submission: Submission) -> dict[str, bytes]:
    """The files of a bundle that was accepted, by name."""
    assert submission.declared is not None, "only an accepted bundle has a form"
    files = {DECLARATION: _declaration(submission.declared)}
    for task, rows in submission.rows.items():
        lines = "".join(canonical_json(row) + "\n" for row in rows.values())
        files[f"{FOLDER}/{task}.jsonl"] = lines.encode()
    return files


def _declaration(declared: Mapping[str, Any]) -> bytes:
    """As JSON, which is YAML too: every text in quotes, so that none is taken for something else."""
    return (json.dumps(declared, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False) + "\n").encode()


def sha256_of(files: Mapping[str, bytes]) -> str:
    """Hash of all files with their names."""
    listed = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    return hashlib.sha256(canonical_json(listed).encode()).hexdigest()
