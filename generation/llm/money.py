"""Prices, and a budget that is never exceeded.

    prices = load_prices()                          # the packaged table, or the file that MOVIELLM_PRICES names
    prices.usd("gpt-5-mini", tokens_in=1200, tokens_out=800)
    async with budget.reserved(upper_bound) as held: ...

Before a call its upper bound is reserved; a call that could lead the run's recorded cost over the limit is not made.
While others are under way it waits for what they leave; when none is, the run ends (StoppedError). A model without a
price has no cost: it is counted in tokens, and a limit in dollars is refused. It sends nothing.
"""

import asyncio
import os
import re
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from moviellm.generation.config.recipe import read_text, read_yaml
from moviellm.generation.llm.exchanges import Spent
from moviellm.generation.protocols import StoppedError

BUDGET_SPENT = "the budget is spent"
PRICES_VARIABLE = "MOVIELLM_PRICES"
_DATE = re.compile(r"-\d{4}-\d\d(-\d\d)?$")
"""The date of a version behind a model's name."""
Usd = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, use_attribute_docstrings=True)


class TokenPrice(_Part):
    """US dollars for a million tokens."""

    tokens_in: Usd = Field(alias="in")
    """Tokens of the question."""
    tokens_out: Usd = Field(alias="out")
    """Tokens of the answer, thinking included."""
    cached: Usd | None = None
    """Tokens of the question that the server had; None costs as much as others."""


class Prices(_Part):
    """A price table."""

    id: Annotated[str, Field(min_length=1)]
    """Its name, kept with every exchange."""
    date: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]
    """Day on which it was true."""
    batch: Annotated[float, Field(ge=0.0, le=1.0)] = 0.5
    """What a batch costs, as a share of the price."""
    models: Mapping[str, TokenPrice] = {}
    images: Mapping[str, Usd | Mapping[str, Usd]] = {}
    """US dollars for a picture, or for one of each size, `1024x1024`."""

    def usd(
        self, model: str, *, tokens_in: int, tokens_out: int, tokens_cached: int = 0, batch: bool = False
    ) -> float | None:
        """What an exchange costs; None where the table knows neither the model nor its name without a date."""
        price = self.models.get(model) or self.models.get(_DATE.sub("", model))
        if price is None:
            return None
        cached = min(tokens_cached, tokens_in)
        cached_price = price.tokens_in if price.cached is None else price.cached
        full = (tokens_in - cached) * price.tokens_in + cached * cached_price + tokens_out * price.tokens_out
        return full / 1e6 * (self.batch if batch else 1.0)

    def image_usd(self, model: str, width_px: int, height_px: int) -> float | None:
        """What a picture costs; None where the table does not know it."""
        price = self.images.get(model)
        return price.get(f"{width_px}x{height_px}") if isinstance(price, Mapping) else price


def load_prices() -> Prices:
    """The price table: that of the environment, or the packaged one.

    Raises:
        ValueError: the file is not there, or it is no price table.
    """
    named = os.environ.get(PRICES_VARIABLE)
    if named and not Path(named).is_file():
        raise ValueError(f"{PRICES_VARIABLE} names {named}, which is no file; it takes a price table in YAML")
    source = Path(named) if named else Path(str(files("moviellm.generation.llm") / "prices.yaml"))
    data = read_yaml(read_text(source), str(source))
    try:
        return Prices.model_validate(data)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in fault["loc"]) or "the table"
        raise ValueError(f"{source} is no price table: {where}: {fault['msg']}") from None


def refuse_unpriced(prices: Prices, models: list[str], images: list[tuple[str, int, int]]) -> None:
    """Refuse a limit in dollars where a price is not known.

    Raises:
        ValueError: it names the model and says how to give a price.
    """
    for model in models:
        if prices.usd(model, tokens_in=1, tokens_out=1) is None:
            line = f"models: {{{model}: {{in: 0.5, out: 1.5}}}}"
            raise ValueError(f"--max-usd: {_unpriced(prices, model, line)}")
    for model, width_px, height_px in images:
        if prices.image_usd(model, width_px, height_px) is None:
            line = f"images: {{{model}: 0.01}}"
            raise ValueError(f"--max-usd: {_unpriced(prices, f'{width_px}x{height_px} pictures of {model}', line)}")


def _unpriced(prices: Prices, what: str, line: str) -> str:
    return (
        f"the price table {prices.id} of {prices.date} has no price for {what}; write one into a YAML file "
        f'(id: mine, date: "2026-01-31", {line}) and name it in {PRICES_VARIABLE}'
    )


def spent_text(spent: Spent) -> str:
    """What was spent, in a few words."""
    what = f"{spent.calls - spent.images} calls, {spent.tokens_in + spent.tokens_out} tokens"
    what += f", {spent.images} pictures" if spent.images else ""
    if spent.calls and spent.unpriced == spent.calls:
        return f"{what}, no price known"
    return f"{spent.usd:.4f} USD for {what}" + (f", {spent.unpriced} without a price" if spent.unpriced else "")


class Budget:
    """Keeps the recorded cost of a run under a limit. Used by one event loop."""

    def __init__(self, limit_usd: float | None, recorded_usd: Callable[[], float]) -> None:
        self.limit_usd = limit_usd
        self._recorded_usd = recorded_usd
        self._reserved: float = 0.0
        self._holders = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def reserved(self, bound_usd: float) -> AsyncIterator[None]:
        """Hold back the most that a call can cost while it is under way, in turn.

        Raises:
            StoppedError: it does not fit, and nothing under way could make room.
        """
        if self.limit_usd is not None:
            await self._room(bound_usd, self.limit_usd)
        self._reserved += bound_usd
        self._holders += 1
        try:
            yield
        finally:
            self._holders -= 1
            self._reserved = self._reserved - bound_usd if self._holders else 0.0
            self._wake()

    async def _room(self, bound_usd: float, limit_usd: float) -> None:
        first = not self._waiting
        while not first or self._recorded_usd() + self._reserved + bound_usd > limit_usd:
            if first and not self._holders:
                self._wake()  # the next one is told the same
                raise StoppedError(self._spent(bound_usd, limit_usd))
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.appendleft(turn) if first else self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                self._wake()
                raise
            first = True
        # Room for this one may leave room for the next.
        asyncio.get_running_loop().call_soon(self._wake)

    def _wake(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return

    def _spent(self, bound_usd: float, limit_usd: float) -> str:
        return (
            f"{BUDGET_SPENT}: {self._recorded_usd():.4f} of {limit_usd:g} USD, "
            f"and the next call may cost {bound_usd:.4f} (the longest answer counts: see llm.max_tokens)"
        )
