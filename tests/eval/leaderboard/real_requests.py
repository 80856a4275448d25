"""Requests whose predictions are drawn for a real dataset."""

import json
import random
import tempfile
from pathlib import Path

from moviellm.eval.submissions.canonical import canonical_files, sha256_of
from moviellm.eval.submissions.checking import check_bundle
from moviellm.eval.submissions.index import Index
from moviellm.eval.submissions.sending import BUNDLE, REQUEST_FILE, request_of, request_path
from moviellm.eval.tasks.items import open_data
from tests.eval.submissions.kit import declared, lines, write_folder
from tests.eval.submissions.test_scoring import prediction


def rows_for(films: Path, seed: int) -> dict[str, dict[str, object]]:
    """A prediction for every question: right, wrong or nothing."""
    lot = random.Random(seed)
    data = open_data(str(films), split="test")
    return {name: {"id": name, **prediction(question, lot)} for name, question in data.questions.items()}


def real_requests(films: Path, index: Index, count: int) -> dict[str, dict[str, bytes]]:
    """Files of requests by hash."""
    found = {}
    for number in range(count):
        rows = rows_for(films, number)
        content = {
            f"predictions/{task}.jsonl": lines([rows[item] for item in items]) for task, items in index.tasks.items()
        }
        said = declared("MovieLLM 7B (64 frames)", f"Model {number}")
        with tempfile.TemporaryDirectory() as place:
            path = write_folder(Path(place), {"submission.yaml": said.replace(b"20]", b'"20"]'), **content})
            checked = check_bundle(path, index, keep=True)
        assert checked.problems.accepted, checked.problems.listed()
        files = canonical_files(checked.submission)
        sha256 = sha256_of(files)
        told = request_of({"declared": checked.submission.declared, "sha256": sha256}, f"person {number}")
        folder = request_path(sha256)
        found[sha256] = {f"{folder}/{BUNDLE}/{name}": data for name, data in files.items()}
        found[sha256][f"{folder}/{REQUEST_FILE}"] = json.dumps(told).encode()
    return found
