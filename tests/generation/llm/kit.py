"""What the tests of the service share: a small answer, a service for a double, pauses that do not last."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from pydantic import BaseModel

from moviellm.generation.config.recipe import Recipe, recipe_from
from moviellm.generation.llm import faults
from moviellm.generation.llm.asks import Ask, ImageAsk
from moviellm.generation.llm.endpoint import endpoint_from
from moviellm.generation.llm.money import Prices, TokenPrice
from moviellm.generation.llm.rendering import Rendered, data_block, llm_request
from moviellm.generation.llm.service import Service
from moviellm.generation.llm.strict import strict_schema
from moviellm.generation.protocols import Request
from tests.servers.openai_double import Double

T = TypeVar("T")
KEY = "sk-tests-0123456789abcdef"
PRICES = Prices(
    id="tests",
    date="2026-01-31",
    models={"m": TokenPrice.model_validate({"in": 1.0, "cached": 0.5, "out": 10.0})},
    images={"painter": 0.01},
)


class Note(BaseModel):
    """A small answer."""

    title: str
    pages: int


def recipe(**engine: Any) -> Recipe:
    """A recipe that asks model `m`."""
    return recipe_from({"llm": {"model": "m"}, "engine": {"concurrency": 8, **engine}})


def service_for(double: Double, run: Path, prices: Prices = PRICES, **engine: Any) -> Service:
    """A service that asks a double."""
    environment = {"OPENAI_BASE_URL": double.base_url, "OPENAI_API_KEY": KEY}
    return Service(recipe(**engine), run, endpoint_from(environment), prices)


def ask(number: int = 0, **changes: Any) -> Ask:
    """One question for a note; another number is another question."""
    said = f"Write a note.\n\n{data_block({'number': number})}"
    given: dict[str, Any] = {
        "model": "m",
        "messages": ({"role": "user", "content": said},),
        "schema": strict_schema(Note),
        "schema_name": "note",
        "max_tokens": 100,
    }
    return Ask(**(given | changes))


def image_ask(number: int = 0) -> ImageAsk:
    """One picture."""
    return ImageAsk(model="painter", prompt=f"picture {number}", width_px=64, height_px=36, seed=number)


def request(number: int = 0, **llm: Any) -> Request:
    """The same question as the ladder takes it."""
    prompt = Rendered(messages=ask(number).messages, prompt_id="note", prompt_sha256="0" * 64)
    asked = recipe()
    asked = asked.model_copy(update={"llm": asked.llm.model_copy(update=llm)})
    return llm_request("note", asked, prompt, number, Note)


def ask_all(
    double: Double, run: Path, job: Callable[[Service], Awaitable[T]], prices: Prices = PRICES, **engine: Any
) -> T:
    """Run a job with a service, and close it."""

    async def whole() -> T:
        service = service_for(double, run, prices, **engine)
        try:
            return await job(service)
        finally:
            await service.close()

    return asyncio.run(whole())


def rows(run: Path, kind: str = "reply") -> list[dict[str, Any]]:
    """Lines of the log of one kind."""
    lines = (run / "exchanges.jsonl").read_text(encoding="utf-8").splitlines()
    return [row for line in lines if (row := json.loads(line)["row"])["kind"] == kind]


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no pause last."""
    for kind in faults.PACES:
        monkeypatch.setitem(faults.PACES, kind, faults.Pace(0.001, 0.002))
