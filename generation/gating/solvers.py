"""The cells of the gates: what one model said about one question for one gate, kept once.

    solver = Solver(bench, service)
    said = await solver.ask("m00000/8-gates-q003-r0-llm_blind-0", "gate_blind", "model-a", question, View(data={}))
    said.right(question)                        # (True, False, True): one a rotation of the options
    same = await solver.judge(cell_id, model, question, "a key of brass")       # True or False

The cell holds the answers as they were given; whether one is right is computed from them and from the question, which
costs nothing. Where an answer did not come, the cell has failed: `UnansweredError` with the reason, and `make
--retry-failed` asks again. It decides no gate: see gatekeeping.py.
"""

import asyncio
import math
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar, cast

from pydantic import BaseModel, JsonValue

from moviellm.generation.cells import Make
from moviellm.generation.config.models import LlmConfig
from moviellm.generation.config.recipe import Recipe
from moviellm.generation.files import DiskError
from moviellm.generation.gating.asks import LETTERS, View, asked, is_right, overlaps, rotations
from moviellm.generation.llm.asks import IMAGE_REFERENCE, Ask
from moviellm.generation.llm.ladder import Exchanges, answer
from moviellm.generation.llm.rendering import Rendered, llm_request, render
from moviellm.generation.protocols import Blobs, Output, Request
from moviellm.generation.schema import Keyframe, QAPair, Record, Text
from moviellm.generation.workbench import CellFailedError, NotMadeError, Workbench, read_draft

T = TypeVar("T")
VERSION: Final = 1
"""Bump when what is asked or what an answer means changes: every cell of the stage is then asked again."""
TOKENS_MAX: Final = 2048
"""Longest answer of a solver."""
TOP_LOGPROBS: Final = 10
"""Alternatives to the first token in which yes and no are looked for."""


class Choice(Record):
    """Answer to a question with options."""

    rationale: Text
    """Why, in a sentence or two."""
    option: Text
    """Letter of the option."""


class Statement(Record):
    """Answer to a question without options."""

    rationale: Text
    """Why, in a sentence or two."""
    answer: Text
    """The answer, as short as it can be."""


class Stretch(Record):
    """Answer to a question for a moment."""

    rationale: Text
    """Why, in a sentence or two."""
    start_s: float
    """When it begins, in seconds from the start of the movie."""
    end_s: float
    """When it ends, in seconds from the start of the movie."""


class Sameness(Record):
    """Answer of the judge."""

    same: bool
    """Whether both answers mean the same."""


class Said(Record):
    """What a solver said: an item for each rotation of the options."""

    said: tuple[Text, ...]
    """The option's text, the answer, or `start end` in seconds."""
    rationales: tuple[Text, ...]

    def right(self, question: QAPair) -> tuple[bool | None, ...]:
        """Which of the answers are right; None where only a judge can tell."""
        return tuple(_right(question, said) for said in self.said)


class UnansweredError(ValueError):
    """No usable answer came; the message is the reason."""


class Shown(Record):
    """Probabilities that pictures show an answer, in the order asked."""

    yes: tuple[float | None, ...]
    """None where the server gives no log-probabilities."""


def _right(question: QAPair, said: str) -> bool | None:
    if question.options:
        return said == question.answer
    if question.answer_format == "temporal_grounding":
        start_s, end_s = (float(part) for part in said.split())
        return overlaps(question.evidence, start_s, end_s)
    return is_right(question, said)


class Solver:
    """Asks models about questions through the cells of one movie."""

    def __init__(self, bench: Workbench, service: Exchanges) -> None:
        self.bench = bench
        self.service = service

    async def ask(self, cell_id: str, task: str, model: str, question: QAPair, shown: View) -> Said:
        """What a model says that sees `shown`: once for each rotation of the options."""
        kind: type[BaseModel] = Statement
        if question.options:
            kind = Choice
        elif question.answer_format == "temporal_grounding":
            kind = Stretch
        prompts = [render(task, data={**shown.data, **asked(question, options)}) for options in rotations(question)]
        request = self._request(task, model, [with_pictures(p, shown.pictures) for p in prompts], prompts[0], kind)

        async def make() -> tuple[Output, None]:
            images = self._images(request)
            jobs = [
                self._one(replace(request, inputs={"messages": messages}), kind, options, images)
                for messages, options in zip(_asks(request), rotations(question), strict=True)
            ]
            found = await gather_answers(jobs)
            said = Said(said=tuple(text for text, _ in found), rationales=tuple(why for _, why in found))
            return said.model_dump(mode="json"), None

        return read_draft(Said, await self.keep(cell_id, request, make))

    async def _one(
        self, request: Request, kind: type[BaseModel], options: Sequence[str], images: Blobs
    ) -> tuple[str, str]:
        """One answer: what was said, and why."""

        def check(given: BaseModel) -> None:
            _text_of(given, options)

        given = await answer(self.service, request, kind, check, images)
        return _text_of(given, options), str(getattr(given, "rationale", ""))

    async def judge(self, cell_id: str, model: str, question: QAPair, said: str) -> bool:
        """Whether an open answer means the same as the question's own."""
        prompt = render("gate_judge", data={"question": question.question, "answer": question.answer, "said": said})
        request = self._request("gate_judge", model, [list(prompt.messages)], prompt, Sameness)

        async def make() -> tuple[Output, None]:
            given = await answer(self.service, replace(request, inputs={"messages": _asks(request)[0]}), Sameness)
            return given.model_dump(mode="json"), None

        return read_draft(Sameness, await self.keep(cell_id, request, make)).same

    async def shown(self, cell_id: str, model: str, question: QAPair, frames: Sequence[Keyframe]) -> Shown:
        """How probable a model holds it that each picture shows the answer."""
        prompt = render("gate_image_text", data={"question": question.question, "answer": question.answer})
        asks = [with_pictures(prompt, [("the keyframe", str(frame.image_sha256))]) for frame in frames]
        request = self._request("gate_image_text", model, asks, prompt, None)

        async def make() -> tuple[Output, None]:
            images = self._images(request)
            found = await gather_answers([self._yes(request, messages, images) for messages in _asks(request)])
            return Shown(yes=tuple(found)).model_dump(mode="json"), None

        return read_draft(Shown, await self.keep(cell_id, request, make))

    async def keep(self, cell_id: str, request: Request, make: Make) -> Output:
        """What a cell of this stage holds.

        Raises:
            UnansweredError: it has failed.
        """
        try:
            result = await self.bench.ask("gates", VERSION, cell_id, request, make)
        except NotMadeError:
            raise
        except CellFailedError as error:
            raise UnansweredError(str(error).removeprefix(f"{cell_id}: ")) from None
        return dict(result.output or {})

    async def _yes(self, request: Request, messages: list[Any], images: Blobs) -> float | None:
        ask = Ask(
            model=request.model_id,
            messages=tuple(messages),
            schema_name=request.task,
            temperature=cast(float, request.params["temperature"]),
            top_p=cast(float, request.params["top_p"]),
            max_tokens=cast(int, request.params["max_tokens"]),
            seed=request.seed,
            top_logprobs=TOP_LOGPROBS,
            images={sha256: images[sha256] for sha256 in _named(messages)},
        )
        return yes_share((await self.service.exchange(ask)).logprobs)

    def _request(
        self, task: str, model: str, asks: list[list[Any]], prompt: Rendered, kind: type[BaseModel] | None
    ) -> Request:
        """The request of a cell: one list of messages for each exchange; the coldest sampling there is."""
        request = llm_request(task, asking(self.bench.recipe, model), prompt, 0, kind)
        inputs = {name: value for name, value in request.inputs.items() if name != "messages"}
        return replace(request, inputs={**inputs, "asks": cast(JsonValue, asks)})

    def _images(self, request: Request) -> Blobs:
        named = {sha256 for messages in _asks(request) for sha256 in _named(messages)}
        return {sha256: self.bench.shard.image(sha256) for sha256 in sorted(named)}


def asking(recipe: Recipe, model: str) -> Recipe:
    """The recipe with a solver in the place of the writer."""
    llm = LlmConfig(
        model=model,
        temperature=0.0,
        max_tokens=TOKENS_MAX,
        structured=recipe.llm.structured,
        seeds=recipe.llm.seeds,
    )
    return recipe.model_copy(update={"llm": llm})


def with_pictures(prompt: Rendered, pictures: Sequence[tuple[str, str]]) -> list[Any]:
    """The messages with labelled pictures before the words of the last one, each named by its hash."""
    *before, last = [dict(message) for message in prompt.messages]
    if not pictures:
        return [*before, last]
    parts: list[JsonValue] = []
    for number, (label, sha256) in enumerate(pictures, 1):
        parts.append({"type": "text", "text": f"Picture {number}: {label}"})
        parts.append({"type": "image_url", "image_url": {"url": f"{IMAGE_REFERENCE}{sha256}"}})
    return [*before, {**last, "content": [*parts, {"type": "text", "text": last["content"]}]}]


def yes_share(logprobs: Mapping[str, float] | None) -> float | None:
    """The probability of yes against no, from those of the first token; None where neither is among them."""
    weights = {"yes": 0.0, "no": 0.0}
    for token, logprob in (logprobs or {}).items():
        word = token.strip(" .▁Ġ\n\"'").casefold()
        if word in weights:
            weights[word] += math.exp(logprob)
    both = sum(weights.values())
    return round(weights["yes"] / both, 6) if both > 0.0 else None


def _text_of(given: BaseModel, options: Sequence[str]) -> str:
    """What an answer says, in the question's own terms.

    Raises:
        ValueError: it is no answer to this question.
    """
    if isinstance(given, Choice):
        letter = given.option.strip().strip("().:").upper()[:1]
        if letter and letter in LETTERS[: len(options)]:
            return options[LETTERS.index(letter)]
        raise ValueError(f"option: got {given.option!r}; allowed are the letters {', '.join(LETTERS[: len(options)])}")
    if isinstance(given, Stretch):
        if not 0.0 <= given.start_s < given.end_s < math.inf:
            raise ValueError(f"got {given.start_s} to {given.end_s} s; a moment begins at 0 or later, before it ends")
        return f"{given.start_s:g} {given.end_s:g}"
    assert isinstance(given, Statement)
    if not given.answer.strip():
        raise ValueError("answer: it is empty")
    return " ".join(given.answer.split())


def _named(messages: list[Any]) -> list[str]:
    """The hashes of the pictures in messages."""
    parts = [part for message in messages if isinstance(message["content"], list) for part in message["content"]]
    urls = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
    return [url.removeprefix(IMAGE_REFERENCE) for url in urls]


def _asks(request: Request) -> list[Any]:
    return cast("list[Any]", request.inputs["asks"])


async def gather_answers(jobs: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """All answers, asked together. What stops the run is raised as it is, what did not come with its number.

    Raises:
        ValueError: some did not come.
    """
    found = await asyncio.gather(*jobs, return_exceptions=True)
    missing = [item for item in found if isinstance(item, BaseException)]
    for item in missing:
        if isinstance(item, DiskError) or not isinstance(item, ValueError):
            raise item
    if missing:
        raise ValueError(f"{len(missing)} of {len(found)} answers are missing: {missing[0]}")
    return cast("list[T]", found)
