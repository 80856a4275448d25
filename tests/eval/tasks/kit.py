"""Questions made by hand."""

from typing import Any

from moviellm.eval.tasks.events import Event
from moviellm.eval.tasks.items import Question

WORDS: dict[str, Any] = {
    "open_ended": {"answer": "the brown map"},
    "multiple_choice": {"answer": "a lamp", "options": ("a key", "a lamp", "a map"), "answer_index": 1},
    "temporal_grounding": {"answer": "From 4.0 to 8.0 seconds.", "spans": ((4.0, 8.0),)},
    "dense_captioning": {
        "answer": "0.0-4.0 s: Ada waits.",
        "spans": ((0.0, 4.0),),
        "events": (Event(0.0, 4.0, "Ada waits."),),
    },
}


def asked(answer_format: str, name: str = "m00000-q000", **fields: Any) -> Question:
    """A question of a format about a movie of 40 s."""
    defaults: dict[str, Any] = {
        "item_id": name,
        "movie_id": name[:6],
        "family": name[:6],
        "answer_format": answer_format,
        "question_type": "plot",
        "level": "movie",
        "group": None,
        "turn_of": None,
        "text": "What is it?",
        "options": (),
        "duration_s": 40.0,
        "answer_index": None,
        "spans": (),
    }
    return Question(**{**defaults, **WORDS[answer_format], **fields})
