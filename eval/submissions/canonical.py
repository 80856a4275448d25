"""An accepted bundle in its one form: the same predictions give the same files and the same hash, however they came.

    submission = check_bundle(path, index, keep=True).submission
    files = canonical_files(submission)             # {"submission.yaml": b"...", "predictions/qa_mc.jsonl": b"..."}
    sha256_of(files)                                # what a request is called by

Folder or zip, lines or Parquet, the order of lines and fields, a byte order mark: none of it shows. What a leaderboard
keeps and scores is this form, so that no byte of the bundle itself goes further. It checks nothing.
"""

import hashlib
from collections.abc import Mapping

from moviellm.eval.submissions.bundles import DECLARATION, FOLDER
from moviellm.eval.submissions.checking import Submission
from moviellm.eval.submissions.declaration import form_of
from moviellm.generation.schema import canonical_json


def canonical_files(submission: Submission) -> dict[str, bytes]:
    """The files of a bundle that was accepted, by name."""
    assert submission.declared is not None, "only an accepted bundle has a form"
    files = {DECLARATION: form_of(submission.declared)}
    for task, rows in submission.rows.items():
        lines = "".join(canonical_json(row) + "\n" for row in rows.values())
        files[f"{FOLDER}/{task}.jsonl"] = lines.encode()
    return files


def sha256_of(files: Mapping[str, bytes]) -> str:
    """Hash of all files with their names."""
    listed = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    return hashlib.sha256(canonical_json(listed).encode()).hexdigest()
