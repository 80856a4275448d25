"""Files results.json as `moviellm eval run` writes them.

write_results(folder / "evaluations/000003/results.json", accuracy=0.6, control="question-only")
"""

import json
from pathlib import Path
from typing import Any

COMMIT = "d" * 40


def results(accuracy: float | None = 0.6, control: str = "none", **data: Any) -> dict[str, Any]:
    """Two tasks over a dataset on the Hub."""
    number = {"value": accuracy, "low": None, "high": None, "n": 240}
    if accuracy is not None:
        number |= {"low": accuracy - 0.1, "high": accuracy + 0.1}
    return {
        "results_version": "1.0",
        "tasks": {
            "qa_mc": {
                "headline": "accuracy",
                "metrics": {"group_accuracy": {"value": None, "low": None, "high": None, "n": 0}, "accuracy": number},
                "chance": {"accuracy": 0.25},
            },
            "grounding": {
                "headline": "miou",
                "metrics": {"miou": {"value": 0.375, "low": 0.25, "high": 0.5, "n": 20}},
            },
        },
        "data": {"dataset": "moviellm/films", "version": "1.0.0", "commit": COMMIT, "split": "test", **data},
        "frames": {"policy": {"n": 32, "fps": None}, "control": control},
        "times": {"started_at": "2026-11-20T10:00:00+00:00", "seconds": 1.5},
    }


def write_results(path: Path, accuracy: float | None = 0.6, control: str = "none", **data: Any) -> Path:
    """The same as a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results(accuracy, control, **data)), encoding="utf-8")
    return path
