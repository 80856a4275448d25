"""The ladder that every answer of a language model climbs before it counts.

    draft = await answer(service, request, OutlineDraft, check)       # parsed and checked

Native schema (or the schema in the prompt) -> parse -> pydantic -> the caller's checks -> one repair turn that shows
the error -> another seed -> ValueError with the reason of every try. An answer that was cut off
(`finish_reason=length`) or refused is never accepted and never repaired: the next seed is asked.

It knows no stories and keeps nothing: the service keeps paid exchanges (exchanges.py), a cell the answer (cells.py).
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar, cast

from pydantic import BaseModel, JsonValue, ValidationError

from moviellm.generation.llm.asks import Ask, Message, Reply, Structured
from moviellm.generation.llm.rendering import phrase
from moviellm.generation.llm.strict import strict_schema
from moviellm.generation.protocols import NO_BLOBS, Blobs, Request, derive_seed

AnswerT = TypeVar("AnswerT", bound=BaseModel)
T = TypeVar("T")
FAULTS_SHOWN = 3
"""Faults of an answer that are named in a repair turn and in a reason."""
FAULT_LENGTH_MAX = 600
"""Characters of one try's reason that are kept."""
_FENCED = re.compile(r"```[a-zA-Z]*\s*\n(.*?)\n?\s*```", re.DOTALL)
_THOUGHTS = re.compile(r"^\s*<think>.*?</think>", re.DOTALL)


class Exchanges(Protocol):
    """What the ladder needs of a service."""

    async def exchange(self, ask: Ask) -> Reply:
        """One paid call, or its kept reply."""
        ...

    def void(self, keys: list[str]) -> None:
        """Forget replies that led nowhere, so that asking again asks."""
        ...


class NoAnswerError(ValueError):
    """The model gave no usable answer at any try; unlike a call that was given up, asking again would not help."""


class _UnusableError(ValueError):
    """An answer that is neither accepted nor repaired."""


@dataclass
class _Climb:
    """One request on its way up."""

    service: Exchanges
    request: Request
    images: Blobs
    asked: list[str] = field(default_factory=list)
    """Keys of the exchanges so far."""

    async def ask(
        self, messages: Sequence[Message], seed: int, schema: Mapping[str, JsonValue] | None
    ) -> tuple[str, Sequence[Message]]:
        """The text of an answer, and the conversation with it.

        Raises:
            _UnusableError: it was cut off, refused, or says nothing.
        """
        params = self.request.params
        ask = Ask(
            model=self.request.model_id,
            messages=messages,
            schema=schema,
            schema_name=self.request.task,
            temperature=cast(float, params["temperature"]),
            top_p=cast(float, params["top_p"]),
            max_tokens=cast(int, params["max_tokens"]),
            structured=cast(Structured, params["structured"]),
            seed=seed,
            images=self.images,
        )
        self.asked.append(ask.key)
        reply = await self.service.exchange(ask)
        return _usable(reply, ask), (*messages, {"role": "assistant", "content": reply.text})


async def answer(
    service: Exchanges,
    request: Request,
    answer_type: type[AnswerT],
    check: Callable[[AnswerT], None] | None = None,
    images: Blobs = NO_BLOBS,
) -> AnswerT:
    """An answer that parses, fits its type and passes the check.

    Args:
        request: from `rendering.llm_request`.
        check: raises ValueError for an answer that cannot be used; its message is shown to the model.

    Raises:
        ValueError: no try gave one; the message has the reason of each.
        StoppedError: nothing can be asked now.
    """

    def read(text: str) -> AnswerT:
        parsed = _validated(answer_type, parse_json(text))
        if check is not None:
            check(parsed)
        return parsed

    return await _climb(_Climb(service, request, images), read, strict_schema(answer_type))


async def _climb(climb: _Climb, read: Callable[[str], T], schema: Mapping[str, JsonValue] | None) -> T:
    reasons: list[str] = []
    seeds = cast(int, climb.request.params["seeds"])
    for attempt in range(seeds):
        seed = climb.request.seed if attempt == 0 else derive_seed(climb.request.seed, "try", attempt)
        try:
            return await _with_repair(climb, read, schema, seed, reasons)
        except _UnusableError as error:
            reasons.append(_short(str(error)))
    climb.service.void(climb.asked)
    raise NoAnswerError(f"no usable answer from {climb.request.model_id}: {'; '.join(reasons)}")


async def _with_repair(
    climb: _Climb, read: Callable[[str], T], schema: Mapping[str, JsonValue] | None, seed: int, reasons: list[str]
) -> T:
    """One seed: an answer, and one repair turn where it does not fit."""
    messages = cast("Sequence[Message]", climb.request.inputs["messages"])
    if schema is not None and climb.request.params.get("free_text_first"):
        _, messages = await climb.ask(messages, seed, None)
        messages = (*messages, {"role": "user", "content": phrase("structure")})
    text, messages = await climb.ask(messages, seed, schema)
    try:
        return read(text)
    except ValueError as error:
        fault = _short(str(error))
        reasons.append(fault)
    messages = (*messages, {"role": "user", "content": phrase("repair", fault=fault)})
    text, _ = await climb.ask(messages, seed, schema)
    try:
        return read(text)
    except ValueError as error:
        raise _UnusableError(f"after a repair turn: {error}") from None


def _usable(reply: Reply, ask: Ask) -> str:
    if reply.refusal is not None:
        raise _UnusableError(f"refused: {reply.refusal}")
    if reply.finish_reason == "length":
        raise _UnusableError(
            f"cut off after {reply.tokens_out or ask.max_tokens} tokens; llm.max_tokens may be raised"
        )
    if reply.finish_reason not in {"stop", "eos"}:
        raise _UnusableError(f"ended by {reply.finish_reason}")
    if not reply.text.strip():
        raise _UnusableError("an empty answer")
    return reply.text


def parse_json(text: str) -> Any:
    """The JSON of an answer, which may stand in the only fence of the text and follow its thoughts. Nothing is mended.

    Raises:
        ValueError: it is no JSON.
    """
    text = _THOUGHTS.sub("", text.removeprefix("\ufeff"))
    fenced = _FENCED.findall(text)
    body = fenced[0] if len(fenced) == 1 and not text.lstrip().startswith(("{", "[")) else text
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("the answer is nested too deep") from None
    except ValueError as error:
        raise ValueError(f"the answer is no JSON ({error})") from None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _validated(answer_type: type[AnswerT], value: Any) -> AnswerT:
    try:
        return answer_type.model_validate(value)
    except ValidationError as error:
        faults = error.errors(include_url=False)
        said = [f"{'.'.join(str(part) for part in item['loc']) or 'it'}: {item['msg']}" for item in faults]
        more = [f"and {len(faults) - FAULTS_SHOWN} more"] if len(faults) > FAULTS_SHOWN else []
        raise ValueError("; ".join([*said[:FAULTS_SHOWN], *more])) from None


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= FAULT_LENGTH_MAX else line[: FAULT_LENGTH_MAX - 3] + "..."
