"""The model server as a service: limits, retries, money, and a log of what was paid. One a process.

    service = open_service(recipe, run)            # OPENAI_BASE_URL, OPENAI_API_KEY
    reply = await service.exchange(ask)            # one paid call, or the reply kept from before
    picture = await service.image(image_ask)
    await service.close()

A kept reply is never paid again, also when its cell was killed between two turns. Errors are tried again by class
(faults.py); one call that is given up while others pass is a ValueError with the classes of its errors; a server that
is gone, a key that is refused and a budget that is spent are a StoppedError, which ends the run and keeps everything.

It knows no stories and judges no answer: see ladder.py. Many questions at half price: batching.py.
"""

import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

from moviellm.generation.config import Recipe
from moviellm.generation.llm.admission import Gate
from moviellm.generation.llm.asks import Ask, ImageAsk, ImageReply, Reply
from moviellm.generation.llm.bodies import Dialect, chat_body, image_body, looks_structured
from moviellm.generation.llm.endpoint import Endpoint, endpoint_from
from moviellm.generation.llm.estimates import Estimator, tokens_in_bound
from moviellm.generation.llm.exchanges import ExchangeLog, Spent
from moviellm.generation.llm.faults import (
    CONTENT,
    PACES,
    RETRY_AFTER_MAX_S,
    CallError,
    UnsupportedError,
    WrongServerError,
    pause_s,
)
from moviellm.generation.llm.money import Budget, Prices, load_prices
from moviellm.generation.llm.wire import Answer, Wire
from moviellm.generation.protocols import StoppedError

T = TypeVar("T")
GIVEN_UP_MAX = 3
"""Calls given up one after the other, with none answered, before the server counts as gone."""


class Service:
    """One model server for one run."""

    def __init__(self, recipe: Recipe, run: Path, endpoint: Endpoint, prices: Prices) -> None:
        engine = recipe.engine
        self.model = recipe.llm.model or ""
        """The model that writes."""
        self.prices = prices
        self.retries = engine.retries
        self.wire = Wire(endpoint, engine.timeout_s)
        self.gate = Gate(engine.concurrency, engine.requests_per_minute, engine.tokens_per_minute)
        self.estimator = Estimator()
        self.dialect = Dialect()
        self.stopped: str | None = None
        """Why nothing is asked any more."""
        self._run = run
        self._limit_usd = engine.max_usd
        self._log: ExchangeLog | None = None
        self._budget = Budget(engine.max_usd, lambda: self.spent.usd)
        self._asking: dict[str, asyncio.Lock] = {}
        self._answered = 0
        self._given_up_in_a_row = 0

    @property
    def log(self) -> ExchangeLog:
        """The exchanges of the run, read at first use."""
        if self._log is None:
            self._log = ExchangeLog(self._run)
        return self._log

    @property
    def spent(self) -> Spent:
        """What the run has cost so far, earlier processes included."""
        return self.log.spent

    async def exchange(self, ask: Ask) -> Reply:
        """The answer to an ask: kept from before, or paid for now and kept.

        Raises:
            ValueError: the call was given up; the message has the classes of its errors.
            StoppedError: nothing can be asked now.
        """
        async with self._asking.setdefault(ask.key, asyncio.Lock()):
            if (row := self.log.reply(ask.key)) is None:
                row = await self._guarded(lambda: self._pay(ask))
        self._asking.pop(ask.key, None)
        return _reply_of(row)

    async def image(self, ask: ImageAsk) -> ImageReply:
        """A picture: kept from before, or paid for now and kept. Raises as `exchange` does."""
        async with self._asking.setdefault(ask.key, asyncio.Lock()):
            kept = self.log.image(ask.key)
            if kept is None:
                kept = await self._guarded(lambda: self._pay_image(ask))
        self._asking.pop(ask.key, None)
        return ImageReply(image=kept[1], usd=kept[0]["usd"])

    def void(self, keys: list[str]) -> None:
        """Take replies out of use: what was asked with them is asked again. What they cost stays."""
        if keys:
            self.log.append({"kind": "void", "keys": list(dict.fromkeys(keys))})

    def settled(self) -> None:
        """All cells so far are committed: bytes of pictures are kept there now."""
        if self._log is not None:
            self._log.forget_images()

    async def close(self) -> None:
        """Give back connections and make the log durable."""
        await self.wire.close()
        if self._log is not None:
            await asyncio.to_thread(self._log.close)

    async def _guarded(self, call: Callable[[], Awaitable[T]]) -> T:
        """Make a call unless the run has stopped; what stops one call stops those that follow."""
        if self.stopped is not None:
            raise StoppedError(self.stopped)
        try:
            return await call()
        except WrongServerError as error:
            self.stopped = self.stopped or str(error)
            raise StoppedError(str(error)) from None
        except StoppedError as error:
            self.stopped = self.stopped or str(error)
            raise

    async def _pay(self, ask: Ask) -> dict[str, Any]:
        bound = self.prices.usd(ask.model, tokens_in=tokens_in_bound(ask), tokens_out=ask.max_tokens)
        attempts: list[str] = []
        async with self._budget.reserved(self._bound(bound, ask.model)):
            start = time.monotonic()
            answer, native = await self._until_answered(lambda: self._chat(ask), attempts, self.estimator.tokens(ask))
            usage = {
                "tokens_in": answer.tokens_in,
                "tokens_out": answer.tokens_out,
                "tokens_cached": answer.tokens_cached,
            }
            self.estimator.learn(ask, answer.tokens_in, answer.tokens_out)
            row = {
                "kind": "reply",
                "key": ask.key,
                "task": ask.schema_name,
                "model": ask.model,
                "native": native,
                "text": answer.text,
                "finish_reason": answer.finish_reason,
                "refusal": answer.refusal,
                "logprobs": answer.logprobs,
                "usd": self.prices.usd(
                    ask.model,
                    tokens_in=answer.tokens_in,
                    tokens_out=answer.tokens_out,
                    tokens_cached=answer.tokens_cached,
                ),
                "prices": f"{self.prices.id} {self.prices.date}",
                "attempts": attempts,
                "latency_s": round(time.monotonic() - start, 4),
                "at": round(time.time(), 3),
                "batch": None,
                "id": answer.response_id,
                **usage,
            }
            self.log.append(row)
            return row

    async def _pay_image(self, ask: ImageAsk) -> tuple[dict[str, Any], bytes]:
        usd = self.prices.image_usd(ask.model, ask.width_px, ask.height_px)
        attempts: list[str] = []
        async with self._budget.reserved(self._bound(usd, ask.model)):
            start = time.monotonic()
            image = await self._until_answered(lambda: self._picture(ask), attempts, 0.0)
            row = {
                "kind": "image",
                "key": ask.key,
                "task": "image",
                "model": ask.model,
                "usd": usd,
                "prices": f"{self.prices.id} {self.prices.date}",
                "attempts": attempts,
                "latency_s": round(time.monotonic() - start, 4),
                "at": round(time.time(), 3),
            }
            self.log.append(row, image)
            return row, image

    def _bound(self, usd: float | None, model: str) -> float:
        if usd is None and self._limit_usd is not None:
            raise StoppedError(f"--max-usd is set and the price of {model} is not known; see MOVIELLM_PRICES")
        return usd or 0.0

    async def _until_answered(self, call: Callable[[], Awaitable[T]], attempts: list[str], tokens: float) -> T:
        """Try until an answer comes, by class of error; `attempts` collects the classes.

        Raises:
            ValueError: it is given up, while others pass.
            StoppedError: it is given up, and the server with it.
        """
        answered_before = self._answered
        last = ""
        while True:
            try:
                async with self.gate.slot(tokens) as slot:
                    if self.stopped is not None:
                        raise StoppedError(self.stopped)
                    try:
                        result = await call()
                    except CallError as error:
                        if error.kind == "429":
                            self.gate.slow_down(slot, error.retry_after_s)
                        raise
                    self._went_well()
                    if isinstance(result, tuple) and isinstance(result[0], Answer):
                        slot.used(result[0].tokens_in + result[0].tokens_out)
                    return result
            except CallError as error:
                attempts.append(error.kind)
                last = str(error)
                if error.kind not in PACES or len(attempts) > self._tries(error.kind):
                    break
                if (error.retry_after_s or 0.0) > RETRY_AFTER_MAX_S:
                    raise StoppedError(f"{self.wire.endpoint.shown} asks to wait for more than 10 minutes") from None
                await asyncio.sleep(pause_s(error, len(attempts), random.random()))
        raise await self._given_up(attempts, last, answered_before)

    def _tries(self, kind: str) -> int:
        """Retries by class: a busy server is asked more patiently than a broken one."""
        return self.retries * 2 if kind == "429" else self.retries

    def _went_well(self) -> None:
        self._answered += 1
        self._given_up_in_a_row = 0
        self.gate.went_well()

    async def _given_up(self, attempts: list[str], last: str, answered_before: int) -> Exception:
        """What a call that was given up means: this cell, or the server."""
        if attempts[-1] == CONTENT:  # the server is well
            return ValueError(f"the server refuses this by its {last}")
        self._given_up_in_a_row += 1
        classes = ", ".join(f"{kind} x{count}" if count > 1 else kind for kind, count in Counter(attempts).items())
        shown = self.wire.endpoint.shown
        if attempts[-1] == "refused":
            return StoppedError(f"nobody listens at {shown}; start the server, or set OPENAI_BASE_URL")
        if self._answered == answered_before:
            in_a_row = self._given_up_in_a_row
            if self._answered == 0 or in_a_row >= GIVEN_UP_MAX or attempts[-1] == "429" or not await self.wire.alive():
                return StoppedError(f"the server {shown} has not answered: {classes} ({last})")
        return ValueError(f"the call was given up after {len(attempts)} tries: {classes} ({last})")

    async def _chat(self, ask: Ask) -> tuple[Answer, bool]:
        """One call in the server's own dialect, which is found out as it goes: see bodies.py."""
        while True:
            async with AsyncExitStack() as stack:
                native = await self._form(ask, stack)
                body = chat_body(ask, self.dialect, native=native)
                try:
                    answer = await self.wire.chat(body)
                except UnsupportedError as error:
                    self._unsupported(ask, native, error, body)
                    continue
                if native and ask.structured == "auto":
                    plain = answer.finish_reason == "stop" and answer.refusal is None
                    self._learned(ask.model, not plain or looks_structured(answer.text))
                return answer, native

    async def _form(self, ask: Ask, stack: AsyncExitStack) -> bool:
        """Whether the server is asked to hold the answer to the schema; the first call of a model finds out alone."""
        if ask.schema is None or ask.structured == "prompt":
            return False
        if ask.structured == "native":
            return True
        known = self._native(ask.model)
        if known is None:
            await stack.enter_async_context(self.dialect.probing(ask.model))
            known = self._native(ask.model)
        return known is not False

    def _native(self, model: str) -> bool | None:
        return self.log.servers.get((self.wire.endpoint.server_id, model))

    def _learned(self, model: str, native: bool) -> None:
        if self._native(model) is None or (not native and self._native(model)):
            self.log.append(
                {"kind": "server", "server": self.wire.endpoint.server_id, "model": model, "native": native}
            )

    def _unsupported(self, ask: Ask, native: bool, error: UnsupportedError, body: Mapping[str, Any]) -> None:
        """Learn from a refusal how this model must be asked."""
        if error.name in {"response_format", "json_schema"} and native and ask.structured == "auto":
            self._learned(ask.model, native=False)
        elif error.name not in body or not self.dialect.without(ask.model, error.name):
            raise WrongServerError(f"{self.wire.endpoint.shown} refuses {error} (model {ask.model})")

    async def _picture(self, ask: ImageAsk) -> bytes:
        while True:
            body = image_body(ask, self.dialect)
            try:
                return await self.wire.image(body)
            except UnsupportedError as error:
                if error.name not in body or not self.dialect.without(ask.model, error.name):
                    raise WrongServerError(f"{self.wire.endpoint.shown} refuses {error} (model {ask.model})") from None


def _reply_of(row: Any) -> Reply:
    names = ("text", "finish_reason", "refusal", "tokens_in", "tokens_out", "tokens_cached", "usd", "logprobs")
    return Reply(**{name: row[name] for name in names})


def open_service(recipe: Recipe, run: Path) -> Service:
    """The service that the environment and a recipe name, for one run folder.

    Raises:
        ValueError: the environment names no server that can be asked, or the price table is damaged.
    """
    return Service(recipe, run, endpoint_from(os.environ), load_prices())
