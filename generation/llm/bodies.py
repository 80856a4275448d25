"""The bodies of calls, in the dialect that a server and a model speak.

    dialect = Dialect()
    body = chat_body(ask, dialect, native=True)

Servers differ: some hold answers to a JSON schema, some refuse the parameter, some ignore it; some models want
`max_completion_tokens` and take no temperature. The service asks, learns from the refusal, and remembers it here. A
temperature that the recipe names and the model does not take is never dropped silently: the run says what to set.

It sends nothing: see wire.py.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from moviellm.generation.llm.asks import Ask, ImageAsk, with_images
from moviellm.generation.llm.encoded import canonical
from moviellm.generation.llm.ladder import parse_json
from moviellm.generation.llm.rendering import phrase

IMAGE_EXTRAS = ("num_inference_steps", "guidance_scale", "negative_prompt")
"""What servers of open image models take, and others refuse."""
DROPPABLE = {"seed", "response_format", "logprobs", "top_logprobs", *IMAGE_EXTRAS}
"""What may be left out where it is refused: the answer is asked for all the same."""


class Dialect:
    """What a server's models do not take."""

    def __init__(self) -> None:
        self._without: defaultdict[str, set[str]] = defaultdict(set)
        self._probes: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def takes(self, model: str, name: str) -> bool:
        """Whether a model takes a parameter, as far as is known."""
        return name not in self._without[model]

    def without(self, model: str, name: str) -> bool:
        """Learn that a model does not take a parameter. False: it cannot be left out."""
        other_form = name == "max_tokens" and self.takes(model, "max_completion_tokens")
        if not (name in DROPPABLE or other_form):
            return False
        self._without[model].add(name)
        return True

    @asynccontextmanager
    async def probing(self, model: str) -> AsyncIterator[None]:
        """Alone with a model, until it is known what it takes."""
        async with self._probes[model]:
            yield


def chat_body(ask: Ask, dialect: Dialect, *, native: bool) -> dict[str, Any]:
    """The body of a chat completion.

    Args:
        native: the server holds the answer to the schema; else the prompt says it.
    """
    messages = with_images(ask.messages, ask.images)
    if ask.schema is not None and not native:
        said = phrase("answer_in_schema", name=ask.schema_name or "answer", schema=canonical(ask.schema))
        messages = _after_system(messages, said)
    length = "max_tokens" if dialect.takes(ask.model, "max_tokens") else "max_completion_tokens"
    body: dict[str, Any] = {"model": ask.model, "messages": messages, length: ask.max_tokens}
    # 1 is what servers take when nothing is said, and some models take nothing else.
    body |= {name: value for name, value in (("temperature", ask.temperature), ("top_p", ask.top_p)) if value != 1.0}
    if dialect.takes(ask.model, "seed"):
        body["seed"] = ask.seed
    if ask.top_logprobs is not None and all(dialect.takes(ask.model, name) for name in ("logprobs", "top_logprobs")):
        body |= {"logprobs": True, "top_logprobs": ask.top_logprobs}
    if native:
        form = {"name": ask.schema_name or "answer", "strict": True, "schema": ask.schema}
        body["response_format"] = {"type": "json_schema", "json_schema": form}
    return body


def _after_system(messages: list[Any], said: str) -> list[Any]:
    """The messages with a sentence added to the system's, or to a system message of its own."""
    if messages and messages[0].get("role") == "system" and isinstance(messages[0]["content"], str):
        return [{**messages[0], "content": f"{messages[0]['content']}\n\n{said}"}, *messages[1:]]
    return [{"role": "system", "content": said}, *messages]


def image_body(ask: ImageAsk, dialect: Dialect) -> dict[str, Any]:
    """The body of an image generation."""
    body: dict[str, Any] = {
        "model": ask.model,
        "prompt": ask.prompt,
        "n": 1,
        "size": f"{ask.width_px}x{ask.height_px}",
    }
    optional = {**ask.extra, "seed": ask.seed, "response_format": "b64_json"}
    return body | {name: value for name, value in optional.items() if dialect.takes(ask.model, name)}


def looks_structured(text: str) -> bool:
    """Whether an answer is JSON at all: prose means that the server ignored the schema."""
    stripped = text.strip()
    if stripped.startswith("{") and stripped.endswith("}"):
        return True
    try:
        return isinstance(parse_json(text), dict)
    except ValueError:
        return False
