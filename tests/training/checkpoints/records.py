"""Records of trainings that never were, for tests.

write_record(folder, record(stage(name="stage2_boundary")))
"""

from datetime import UTC, datetime
from typing import Any

from moviellm.training.checkpoints.record import Base, Loss, Source, Stage, TrainingRecord


def source(**fields: Any) -> Source:
    """Movies under a commit."""
    told = {"dataset": "moviellm/films", "revision": "a" * 40, "config": "qa", "movies": 12, "licence": "cc-by-4.0"}
    return Source(**{**told, "weight": 0.75, "examples": 120, "answers": 480, **fields})


def stage(**fields: Any) -> Stage:
    """A stage of three steps."""
    told: dict[str, Any] = {
        "name": "stage1_align",
        "recipe": "stage: align\nsteps: 3\n",
        "trains": ("compressor",),
        "sources": (source(), source(dataset="moviellm/clips", weight=0.25, replay=True)),
        "began_at": datetime(2026, 11, 20, 12, 0, tzinfo=UTC),
        "wall_s": 5400.0,
        "cpu_s": 10_000.0,
        "steps": 3,
        "examples": 240,
        "answers": 960,
        "tokens": 123_456,
        "labelled_tokens": 2_345,
        "frames": 7_680,
        "parameters": 1_000_000,
        "trained_parameters": 34_567,
        "losses": tuple(Loss(step=step, loss=3.0 / step) for step in (1, 2, 3)),
        "versions": {"torch": "2.13.0", "transformers": "5.23.0"},
    }
    return Stage(**{**told, **fields})


def record(*stages: Stage, **base: Any) -> TrainingRecord:
    """A record of one stage, or of those given."""
    told = {"model_id": "org/base", "revision": "b" * 40, "weights_sha256": "c" * 64, "licence": "apache-2.0"}
    return TrainingRecord(base=Base(**{**told, **base}), stages=stages or (stage(),))
