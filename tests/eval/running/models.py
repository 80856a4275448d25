"""Models for tests of evaluation: one that knows every answer, and a tiny checkpoint."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from moviellm.eval.running.protocol import Ask, Said, Told
from moviellm.eval.tasks.table import Times


class Knowing:
    """Says what is right, and remembers what it was asked."""

    kind = "checkpoint"
    name = "knowing"
    needs_films = True
    times: Times = "seconds"
    bare = False
    max_tokens: int | None = None
    parameters: Mapping[str, Any] = {}

    def __init__(self, revision: str = "1") -> None:
        self.revision = revision
        self.asked: list[str] = []
        self.films: list[Any] = []
        self.calls: list[list[Ask]] = []

    def answer(self, film: Any, asks: Sequence[Ask], told: Told) -> None:
        self.films.append(film)
        self.calls.append(list(asks))
        for place, ask in enumerate(asks):
            if ask.said is None:
                self.asked.append(ask.question.item_id)
                told(place, Said(text=ask.question.answer))

    def facts(self) -> Mapping[str, Any]:
        return {}

    def close(self) -> None:
        pass


def save_tiny(folder: Path, **settings: Any) -> Path:
    """A checkpoint of ours with random weights."""
    from tests.training.model.tiny import tiny

    model, processor = tiny(**{"text": "qwen3", "vision": "siglip", "compressor": "pool", **settings})
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder
