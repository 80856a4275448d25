"""Prompts: Markdown files under generation/prompts/, one each, and how they become a request.

    prompt = render("outline", data=brief.model_dump(mode="json"), language="English")
    request = llm_request("outline", recipe, prompt, seed, OutlineDraft)

A file has a part `# System` and a part `# User`, with jinja2 slots for words of ours. Everything of the user's (the
theme) and of earlier answers goes into `data`, which follows as one fenced block of canonical JSON at the very end of
the user message: a theme that gives orders is data, not an order. The file's hash is in the request, so editing a
prompt asks again what was asked with it.

It asks nobody: see ladder.py.
"""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import BaseModel, JsonValue

from moviellm.generation.config.recipe import Recipe
from moviellm.generation.llm.asks import Message
from moviellm.generation.llm.encoded import EncodedList, spliced
from moviellm.generation.llm.strict import schema_sha256
from moviellm.generation.protocols import Request

PROMPTS = Path(str(files("moviellm.generation.prompts")))
"""Where the prompts are."""
LADDER_PROMPTS = ("answer_in_schema", "repair", "structure")
"""Prompts of the ladder itself: part of every request."""
NO_MODEL = "no language model named; give --model NAME, or set OPENAI_MODEL"


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """A prompt with its slots filled."""

    messages: tuple[Message, ...]
    prompt_id: str
    prompt_sha256: str


@dataclass(frozen=True)
class _Prompt:
    system: Any
    user: Any
    sha256: str


def render(prompt_name: str, *, data: Mapping[str, JsonValue], **slots: object) -> Rendered:
    """Fill a prompt's slots and put the task's data at its end.

    Args:
        prompt_name: file `generation/prompts/NAME.md`.
        data: what the task is about, as JSON.
        slots: words of ours for the jinja2 slots; never a user's text.

    Raises:
        ValueError: there is no such prompt, or it has no two parts.
    """
    prompt = _prompt(str(PROMPTS), prompt_name, _stamp(prompt_name))
    user = f"{prompt.user.render(**slots)}\n\n{data_block(data)}"
    messages: tuple[Message, ...] = ({"role": "user", "content": user},)
    if system := prompt.system.render(**slots):
        messages = ({"role": "system", "content": system}, *messages)
    return Rendered(messages=messages, prompt_id=prompt_name, prompt_sha256=prompt.sha256)


def phrase(prompt_name: str, **slots: object) -> str:
    """A prompt of one part, without data: what the ladder itself says."""
    return str(_prompt(str(PROMPTS), prompt_name, _stamp(prompt_name)).user.render(**slots))


def data_block(data: Mapping[str, JsonValue]) -> str:
    """The data as a fenced block that nothing in it can close."""
    return f"```json\n{spliced(data).replace('`', chr(92) + 'u0060')}\n```"


def llm_request(
    task: str, recipe: Recipe, prompt: Rendered, seed: int, answer_type: type[BaseModel] | None = None
) -> Request:
    """The request of a language model: rendered messages, sampling parameters, and the schema of the answer.

    Args:
        answer_type: None asks for free text.

    Raises:
        ValueError: the recipe names no model.
    """
    llm = recipe.llm
    if llm.model is None:
        raise ValueError(NO_MODEL)
    return Request(
        task=task,
        model_id=llm.model,
        model_revision="",
        prompt_id=prompt.prompt_id,
        prompt_sha256=prompt.prompt_sha256,
        params={
            "temperature": llm.temperature,
            "top_p": llm.top_p,
            "max_tokens": llm.max_tokens,
            "structured": llm.structured,
            "free_text_first": task in llm.free_text_first,
            "seeds": llm.seeds,
            "ladder": ladder_sha256(),
        },
        inputs={
            "messages": EncodedList(dict(message) for message in prompt.messages),
            "schema_sha256": None if answer_type is None else schema_sha256(answer_type),
        },
        seed=seed,
    )


def ladder_sha256() -> str:
    """What the ladder says, in 16 hex digits: editing it asks again."""
    return _ladder_sha256(str(PROMPTS), tuple(_stamp(name) for name in LADDER_PROMPTS))


@lru_cache(maxsize=16)
def _ladder_sha256(folder: str, stamps: tuple[tuple[int, int], ...]) -> str:
    prompts = [_prompt(folder, name, stamp) for name, stamp in zip(LADDER_PROMPTS, stamps, strict=True)]
    return hashlib.sha256("".join(prompt.sha256 for prompt in prompts).encode()).hexdigest()[:16]


def _stamp(name: str) -> tuple[int, int]:
    """When a prompt was written, so that an edit during a session is seen; zeros when it is not there."""
    try:
        status = os.stat(f"{PROMPTS}/{name}.md")
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size


@lru_cache(maxsize=256)
def _prompt(folder: str, name: str, stamp: tuple[int, int]) -> _Prompt:
    import jinja2

    path = Path(folder, f"{name}.md")
    if stamp == (0, 0):
        known = sorted(item.stem for item in path.parent.glob("*.md"))
        raise ValueError(f"no prompt {path.stem}; there are {', '.join(known)}")
    text = path.read_text(encoding="utf-8")
    before, mark, user = text.partition("# User\n")
    system = before.partition("# System\n")[2]
    if not mark:
        raise ValueError(f"prompt {path.stem} has no part `# User`; it needs one, and may have `# System` before it")
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return _Prompt(
        system=environment.from_string(system.strip()),
        user=environment.from_string(user.strip()),
        sha256=hashlib.sha256(text.encode()).hexdigest(),
    )
