"""The model server as a service: limits, retries, money, and a log of what was paid. One a process.

    service = open_service(recipe, run)            # OPENAI_BASE_URL, OPENAI_API_KEY
    reply = await service.exchange(ask)            # one paid call, or the reply kept from before
    picture = await service.image(image_ask)
    await service.close()

A kept reply is never paid again, also when its cell was killed between two turns. Limits a minute count what the log
says was asked in the minute before. Errors are tried again by class
(calling.py); one call that is given up while others pass is a ValueError with the classes of its errors; a server that
is gone, a key that is refused and a budget that is spent are a StoppedError, which ends the run and keeps everything.

It knows no stories and judges no answer: see ladder.py.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from moviellm.generation.config.recipe import Recipe
from moviellm.generation.llm.admission import Asked, Gate
from moviellm.generation.llm.asks import Ask, ImageAsk, ImageReply, Reply
from moviellm.generation.llm.batching import Batcher
from moviellm.generation.llm.calling import Caller
from moviellm.generation.llm.endpoint import Endpoint, endpoint_from
from moviellm.generation.llm.estimates import Estimator, tokens_in_bound
from moviellm.generation.llm.exchanges import ExchangeLog, Row, Spent
from moviellm.generation.llm.faults import WrongServerError
from moviellm.generation.llm.money import Budget, Prices, load_prices
from moviellm.generation.llm.speaking import Speaker
from moviellm.generation.llm.wire import INSTALL, Answer, Wire
from moviellm.generation.protocols import StoppedError

T = TypeVar("T")
WAITING_MAX = 1_000_000
"""Questions of a batch that may be waited for together."""


class Service:
    """One model server for one run. Used by one event loop."""

    def __init__(
        self,
        recipe: Recipe,
        run: Path,
        endpoint: Endpoint,
        prices: Prices,
        budget: Budget | None = None,
        gate: Gate | None = None,
        shard: int | None = None,
    ) -> None:
        """
        Args:
            budget: one that other services draw on too; None: one of its own, `engine.max_usd`.
            gate: limits that other services keep too; None: its own, those of the recipe.
            shard: the one shard that it works for, on a cluster: see exchanges.py.
        """
        engine = recipe.engine
        self.model = recipe.llm.model or ""
        """The model that writes."""
        self.prices = prices
        self._run = run
        self._shard = shard
        self._log: ExchangeLog | None = None
        self._wire = Wire(endpoint, engine.timeout_s)
        self._speaker = Speaker(self._wire, lambda: self.log)
        gate = gate or Gate(engine.concurrency, engine.requests_per_minute, engine.tokens_per_minute)
        self._caller = Caller(self._wire, gate, engine.retries)
        self._batcher = Batcher(self._speaker, self._caller, lambda: self.log, self._keep) if engine.batch else None
        self._waiter = Caller(self._wire, Gate(WAITING_MAX), engine.retries)  # those who wait for a batch take no slot
        self._budget = budget or Budget(engine.max_usd, lambda: self.spent.usd)
        self._estimator = Estimator()
        self._asking: dict[str, asyncio.Lock] = {}

    @property
    def log(self) -> ExchangeLog:
        """The exchanges of the run, read at first use."""
        if self._log is None:
            self._log = ExchangeLog(self._run, self._shard)
            self.remember(self._log.lately)
        return self._log

    def remember(self, asked: Iterable[Asked], *, unknown: bool = False) -> None:
        """Count what was asked before for the limits a minute; see `Gate.remember`."""
        self._caller.gate.remember(asked, unknown=unknown)

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
        async with self._alone(ask.key):
            row = self.log.reply(ask.key)
            if row is None:
                row = await self._guarded(lambda: self._pay(ask))
            return _reply_of(row)

    async def image(self, ask: ImageAsk) -> ImageReply:
        """A picture: kept from before, or paid for now and kept. Raises as `exchange` does."""
        async with self._alone(ask.key):
            kept = self.log.image(ask.key)
            if kept is None:
                kept = await self._guarded(lambda: self._pay_image(ask))
            return ImageReply(image=kept[1], usd=kept[0]["usd"])

    @asynccontextmanager
    async def _alone(self, key: str) -> AsyncIterator[None]:
        """One at a time for what is asked twice at once: the second finds the first one's reply."""
        try:
            async with self._asking.setdefault(key, asyncio.Lock()):
                yield
        finally:
            self._asking.pop(key, None)

    def void(self, keys: list[str]) -> None:
        """Take replies out of use: what was asked with them is asked again. What they cost stays."""
        if keys:
            self.log.append({"kind": "void", "keys": list(dict.fromkeys(keys)), "at": round(time.time(), 3)})

    def settled(self) -> None:
        """All cells so far are committed: bytes of pictures are kept there now."""
        if self._log is not None:
            self._log.forget_images()

    async def close(self) -> None:
        """Give back connections and make the log durable."""
        if self._batcher is not None:
            await self._batcher.close()
        await self._wire.close()
        if self._log is not None:
            await asyncio.to_thread(self._log.close)

    async def _guarded(self, call: Callable[[], Awaitable[T]]) -> T:
        """Make a call unless the run has stopped; what stops one call stops those that follow."""
        if self._caller.stopped is not None:
            raise StoppedError(self._caller.stopped)
        try:
            return await call()
        except (StoppedError, WrongServerError) as error:
            self._caller.stopped = self._caller.stopped or str(error)
            raise StoppedError(str(error)) from None

    async def _pay(self, ask: Ask) -> Row:
        bound = self.prices.usd(
            ask.model, tokens_in=tokens_in_bound(ask), tokens_out=ask.max_tokens, batch=self._batcher is not None
        )
        async with self._budget.reserved(self._bound(bound, ask.model)):
            if self._batcher is not None:
                return await self._in_a_batch(self._batcher, ask)
            attempts: list[str] = []
            start = time.monotonic()
            answer, native = await self._caller.until_answered(
                lambda: self._speaker.chat(ask),
                attempts,
                self._estimator.tokens(ask),
                lambda result: result[0].tokens_in + result[0].tokens_out,
            )
            self._estimator.learn(ask, answer.tokens_in, answer.tokens_out)
            asked = {"task": ask.schema_name, "model": ask.model, "native": native, "attempts": attempts}
            return self._append(ask.key, asked, answer, None, time.monotonic() - start)

    async def _in_a_batch(self, batcher: Batcher, ask: Ask) -> Row:
        """The reply to an ask that is answered in a batch, or in the next one where its row failed."""
        await self._waiter.until_answered(lambda: batcher.answered(ask), [])
        row = self.log.reply(ask.key)
        assert row is not None, "a batch that answers has logged the answer"
        self._speaker.learn(ask, row["native"], _reply_of(row))
        return row

    def _keep(self, key: str, asked: Mapping[str, Any], answer: Answer, batch_id: str) -> None:
        self._append(key, {**asked, "attempts": []}, answer, batch_id, None)

    def _append(
        self, key: str, asked: Mapping[str, Any], answer: Answer, batch_id: str | None, seconds: float | None
    ) -> Row:
        """Log a paid answer."""
        usd = self.prices.usd(
            asked["model"],
            tokens_in=answer.tokens_in,
            tokens_out=answer.tokens_out,
            tokens_cached=answer.tokens_cached,
            batch=batch_id is not None,
        )
        row = {
            "kind": "reply",
            "key": key,
            **asked,
            "text": answer.text,
            "finish_reason": answer.finish_reason,
            "refusal": answer.refusal,
            "logprobs": answer.logprobs,
            "tokens_in": answer.tokens_in,
            "tokens_out": answer.tokens_out,
            "tokens_cached": answer.tokens_cached,
            "batch": batch_id,
            "id": answer.response_id,
            "served": answer.served,
            **self._paid(usd, seconds),
        }
        self.log.append(row)
        return row

    def _paid(self, usd: float | None, seconds: float | None) -> dict[str, Any]:
        return {
            "usd": usd,
            "prices": f"{self.prices.id} {self.prices.date}",
            "latency_s": None if seconds is None else round(seconds, 4),
            "at": round(time.time(), 3),
        }

    async def _pay_image(self, ask: ImageAsk) -> tuple[Row, bytes]:
        usd = self.prices.image_usd(ask.model, ask.width_px, ask.height_px)
        async with self._budget.reserved(self._bound(usd, ask.model)):
            attempts: list[str] = []
            start = time.monotonic()
            image = await self._caller.until_answered(lambda: self._speaker.picture(ask), attempts)
            row = {"kind": "image", "key": ask.key, "task": "image", "model": ask.model, "attempts": attempts}
            row |= self._paid(usd, time.monotonic() - start)
            self.log.append(row, image)
            return row, image

    def _bound(self, usd: float | None, model: str) -> float:
        if usd is None and self._budget.limit_usd is not None:
            raise StoppedError(f"--max-usd is set and the price of {model} is not known; see MOVIELLM_PRICES")
        return usd or 0.0


def _reply_of(row: Row) -> Reply:
    names = ("text", "finish_reason", "refusal", "tokens_in", "tokens_out", "tokens_cached", "usd", "logprobs")
    return Reply(**{name: row[name] for name in names}, served=row.get("served", ""))  # lines of before have none


def open_service(
    recipe: Recipe,
    run: Path,
    *,
    environment: Mapping[str, str] = os.environ,
    budget: Budget | None = None,
    gate: Gate | None = None,
    shard: int | None = None,
    dry_run: bool = False,
) -> Service:
    """The service that the environment and a recipe name, for one run folder; budget and limits may be shared.

    Args:
        dry_run: Nobody will be asked: only what was paid is read, without a key and without the client.

    Raises:
        ValueError: the environment names no server that can be asked, the price table is damaged, or the client is
            not installed.
    """
    if not dry_run and (find_spec("openai") is None or find_spec("aiohttp") is None):
        raise ValueError(INSTALL)
    return Service(recipe, run, endpoint_from(environment, asked=not dry_run), load_prices(), budget, gate, shard)
