"""Annotation files of every published shape, small."""

import json
from pathlib import Path
from typing import Any

MSVD = {"answer": "man", "id": 39, "question": "who is waiting?", "video_id": 1451}
MSRVTT = {"answer": "couch", "category_id": 14, "id": 158581, "question": "what is he on?", "video_id": 7010}
CHARADES = "3MSZA 24.3 30.4##person turn a light on.\nYVKIV 4.4 9.2##the person puts down the bag.\n"
ONE = {"v_ABC": {"duration": 6.0, "timestamps": [[0, 2], [2, 6]], "sentences": ["Red is seen.", " Green comes."]}}
OTHER = {"v_ABC": {"duration": 6.0, "timestamps": [[0, 6]], "sentences": ["Colours come and go."]}}


def put(path: Path, value: Any) -> Path:
    """A JSON file, or a text as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return path


def two_files(folder: Path, name: str = "ABC", **answer: Any) -> Path:
    """Questions and answers as ActivityNet-QA has them."""
    put(folder / "test_q.json", [{"video_name": name, "question": "is he waiting", "question_id": f"{name}_1"}])
    put(folder / "test_a.json", [{"answer": "yes", "question_id": f"{name}_1", **answer}])
    return folder


def vcgbench(folder: Path) -> Path:
    """The three files of VCGBench."""
    put(folder / "generic_qa.json", [{"Q": "What is seen?", "A": "Red, then green.", "video_name": "v_ABC"}])
    put(folder / "temporal_qa.json", [{"Q": "What comes first?", "A": "Red.", "video_name": "v_ABC"}])
    pair = {"Q1": "Which colour ends it?", "Q2": "What is last?", "A": "Green.", "video_name": "v_ABC"}
    put(folder / "consistency_qa.json", [pair, pair])
    return folder
