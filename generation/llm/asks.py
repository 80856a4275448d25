"""What is asked of a model server, and what comes back: the records of one exchange.

    ask = Ask(model="m", messages=({"role": "user", "content": "hi"},), max_tokens=100)
    ask.key                                       # hash of everything that decides the answer
    reply = await service.exchange(ask)           # see service.py

Pictures stand in messages by hash, `{"type": "image_url", "image_url": {"url": "sha256:<hex>"}}`; their bytes are
beside them in `images`, so that a key never holds a picture. It sends nothing.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from pydantic import JsonValue

from moviellm.generation.llm.encoded import EncodedList, spliced
from moviellm.generation.protocols import NO_BLOBS, Blobs
from moviellm.generation.schema import canonical_json

Structured = Literal["auto", "native", "prompt"]
Message = Mapping[str, JsonValue]
IMAGE_REFERENCE = "sha256:"
_MAGIC = ((b"\xff\xd8", "jpeg"), (b"\x89PNG", "png"), (b"RIFF", "webp"))


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One question to a language model."""

    model: str
    """Name under which the server knows it."""
    messages: Sequence[Message]
    """Chat messages as the OpenAI API takes them."""
    schema: Mapping[str, JsonValue] | None = None
    """JSON schema of the answer (strict.py); None asks for free text."""
    schema_name: str | None = None
    """Which task it is, e.g. `outline`."""
    temperature: float = 1.0
    top_p: float = 1.0
    max_tokens: int = 1024
    """Longest answer; one that is cut off there says so in `finish_reason`."""
    seed: int = 0
    structured: Structured = "auto"
    """Who holds the answer to the schema: see config_models.LlmConfig."""
    top_logprobs: int | None = None
    """Alternatives to the first token that are asked for, with their log-probabilities."""
    images: Blobs = field(default_factory=lambda: NO_BLOBS, repr=False)
    """Pictures that the messages name; their hashes are in the key, their bytes are not."""

    @cached_property
    def canonical(self) -> bytes:
        """Everything that decides the answer, as canonical JSON."""
        return spliced(
            {
                "model": self.model,
                "messages": self.messages,
                "schema": self.schema,
                "schema_name": self.schema_name,
                "temperature": self.temperature,
                "top_p": self.top_p,
                "max_tokens": self.max_tokens,
                "seed": self.seed,
                "structured": self.structured,
                "top_logprobs": self.top_logprobs,
            }
        ).encode()

    @cached_property
    def key(self) -> str:
        """Hash of everything that decides the answer."""
        return hashlib.sha256(self.canonical).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One answer of a language model."""

    text: str
    finish_reason: str
    """`stop`; `length` when it was cut off; `content_filter`; whatever else the server says."""
    refusal: str | None = None
    """Why the model would not answer."""
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    """Of `tokens_in`, those that the server had."""
    usd: float | None = 0.0
    """What it cost; None where the price table does not know the model."""
    logprobs: Mapping[str, float] | None = None
    """Log-probabilities of the first token and its alternatives; None where the server gives none."""
    served: str = ""
    """The model as the server names it: behind an alias, which version of it; empty where it does not say."""


@dataclass(frozen=True, kw_only=True)
class ImageAsk:
    """One picture asked of an image server (`/v1/images/generations`)."""

    model: str
    prompt: str
    width_px: int
    height_px: int
    seed: int = 0
    extra: Mapping[str, JsonValue] = field(default_factory=dict)
    """Further parameters of that server, e.g. `num_inference_steps`; part of the key."""

    @cached_property
    def key(self) -> str:
        """Hash of everything that decides the picture."""
        text = canonical_json(
            {
                "image_model": self.model,
                "prompt": self.prompt,
                "size_px": [self.width_px, self.height_px],
                "seed": self.seed,
                "extra": dict(self.extra),
            }
        )
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class ImageReply:
    """One picture of an image server."""

    image: bytes = field(repr=False)
    """As it came: PNG, JPEG or WebP."""
    usd: float | None = 0.0
    """What it cost; None where the price table does not know the model."""


def with_images(messages: Sequence[Message], images: Blobs) -> list[Any]:
    """The messages with the bytes of their pictures in place of the hashes.

    Raises:
        ValueError: a message names a picture that is not among `images`.
    """
    if not images and not any(isinstance(message.get("content"), list) for message in messages):
        return messages if isinstance(messages, EncodedList) else list(messages)
    return [_filled(message, images) for message in messages]


def _filled(value: JsonValue | Message, images: Blobs) -> JsonValue:
    if isinstance(value, Mapping):
        return {name: _filled(item, images) for name, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, images) for item in value]
    if isinstance(value, str) and value.startswith(IMAGE_REFERENCE) and len(value) == len(IMAGE_REFERENCE) + 64:
        return _data_url(value.removeprefix(IMAGE_REFERENCE), images)
    return value


def _data_url(sha256: str, images: Blobs) -> str:
    if sha256 not in images:
        raise ValueError(f"a message names the picture {sha256[:16]}, which was not handed over with it")
    image = images[sha256]
    kind = next((name for magic, name in _MAGIC if image.startswith(magic)), "png")
    return f"data:image/{kind};base64,{base64.b64encode(image).decode()}"
