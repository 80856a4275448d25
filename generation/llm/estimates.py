"""How many tokens a call may take: a bound for money, an estimate for limits, corrected by what servers count.

    tokens_in_bound(ask)            # never less than what is counted
    estimator.tokens(ask)           # about what is counted; learns

It has no tokenizer: a token of a byte-level vocabulary is at least one byte, and about four in English.
"""

from collections.abc import Mapping
from typing import Any

from moviellm.generation.llm.asks import IMAGE_REFERENCE, Ask

BYTES_PER_TOKEN = 4.0
MESSAGE_TOKENS_MAX = 16
"""Tokens that a chat template puts around one message, at most; eight messages' worth introduces a schema."""
IMAGE_TOKENS_MAX = 2048
"""Tokens of one picture, at most, for pictures of a movie's size."""
FRAME_TOKENS = 300
"""Tokens of a picture that a model is shown, about."""
LEARNING = 0.1
"""Weight of the newest count in what is remembered."""


def tokens_in_bound(ask: Ask) -> int:
    """A number of tokens that the question does not exceed."""
    images = sum(_images(message) for message in ask.messages) if ask.images else 0
    return len(ask.canonical) + MESSAGE_TOKENS_MAX * (8 + len(ask.messages)) + IMAGE_TOKENS_MAX * images


def _images(value: Any) -> int:
    if isinstance(value, Mapping):
        return sum(_images(item) for item in value.values())
    if isinstance(value, (list, tuple)):
        return sum(_images(item) for item in value)
    return int(isinstance(value, str) and value.startswith(IMAGE_REFERENCE))


class Estimator:
    """Learns how many tokens tasks take."""

    def __init__(self) -> None:
        self._bytes_per_token = BYTES_PER_TOKEN
        self._out: dict[str | None, float] = {}

    def tokens(self, ask: Ask) -> float:
        """Tokens of question and answer, about."""
        return len(ask.canonical) / self._bytes_per_token + self._out.get(ask.schema_name, ask.max_tokens / 4.0)

    def learn(self, ask: Ask, tokens_in: int, tokens_out: int) -> None:
        """Correct the estimates by what a server counted."""
        if tokens_in:
            self._bytes_per_token += LEARNING * (len(ask.canonical) / tokens_in - self._bytes_per_token)
        before = self._out.get(ask.schema_name, float(tokens_out))
        self._out[ask.schema_name] = before + LEARNING * (tokens_out - before)
