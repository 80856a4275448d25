"""A small index, a bundle that is accepted, and ways to spoil it."""

import json
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from moviellm.eval.submissions.checking import check_bundle
from moviellm.eval.submissions.index import Index

REVISION = "0123456789abcdef0123456789abcdef01234567"
INDEX = Index.model_validate(
    {
        "benchmark": "example-org/moviellm-bench",
        "revision": REVISION,
        "tasks": {
            "grounding": {"g1": {"duration": 60.0}, "g2": {"duration": 60.0}},
            "dense_captioning": {"d1": {"duration": 60.0}},
            "qa_mc": {"m1": {"n_options": 4}, "m2": {"n_options": 2}},
            "qa_open": {"q1": {}},
            "movie_answers": {"a1": {}},
        },
    }
)
DECLARED = f"""\
schema_version: "1.0"
benchmark: example-org/moviellm-bench
benchmark_revision: "{REVISION}"
model:
  id: org/model
  revision: "1111111111111111111111111111111111111111"
  parameters_b: 7.5
  base_model: org/base
display_name: MovieLLM 7B (64 frames)
inputs: {{frames: 64, fps: null, max_pixels: null, subtitles: provided, audio: false}}
generation: {{temperature: 0, stop: [".", "!"]}}
track: open-weights
training_data: [MovieLLM-tiny, 20]
seen_test_inputs: false
"""
ROWS: dict[str, list[dict[str, Any]]] = {
    "grounding": [{"id": "g1", "span": [1.0, 2.5]}, {"id": "g2", "span": [0, 60]}],
    "dense_captioning": [{"id": "d1", "events": [{"span": [0.0, 4.0], "caption": "Ada waits."}]}],
    "qa_mc": [{"id": "m1", "choice": "D"}, {"id": "m2", "choice": "A"}],
    "qa_open": [{"id": "q1", "answer": "a brass key"}],
    "movie_answers": [{"id": "a1", "answer": "Ada finds the key."}],
}
Files = dict[str, bytes]


def lines(rows: Iterable[Mapping[str, Any]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode("utf-8", "surrogatepass")


def files(**spoilt: bytes) -> Files:
    """The files of a bundle that is accepted; a task's file, or `declared`, may be another."""
    found = {f"predictions/{task}.jsonl": spoilt.get(task, lines(rows)) for task, rows in ROWS.items()}
    return {"submission.yaml": spoilt.get("declared", DECLARED.encode()), **found}


def declared(old: str, new: str) -> bytes:
    """The declaration with a piece of it replaced."""
    assert DECLARED.count(old) == 1, old
    return DECLARED.replace(old, new).encode("utf-8", "surrogatepass")


def write_folder(place: Path, content: Mapping[str, bytes]) -> Path:
    for name, data in content.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return place


def write_zip(path: Path, content: Iterable[tuple[str | zipfile.ZipInfo, bytes]], *, packed: bool = True) -> Path:
    kind = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    with zipfile.ZipFile(path, "w", kind) as archive:
        for name, data in content:
            archive.writestr(name, data, compress_type=kind)
    return path


def codes(path: Path, task: str | None = None, index: Index = INDEX) -> set[str]:
    return check_bundle(path, index, task=task).problems.codes
