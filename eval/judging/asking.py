"""A judge that can be asked: a language model behind an OpenAI-compatible server, paid and limited by generation/llm.

    judge = open_judge("openai:gpt-5.4-mini", folder)       # OPENAI_BASE_URL, OPENAI_API_KEY
    record = await judge.ask(request)                       # JudgeRequest -> Record
    record.outcome                                          # a Verdict, or Unscored with its reason; never a guess
    judge.version                                           # what the server says it is: "gpt-5.4-mini-2026-03-17"
    await judge.close()

`PREFIX:NAME` takes the server from PREFIX_BASE_URL and PREFIX_API_KEY, so that a panel can have members on several
servers: `openai:gpt-5.4-mini`, `local:Qwen/Qwen3-8B@REVISION`. What stands behind the @ is not sent: it pins a model
whose server names no version. Of an alias the served version counts; another one in the middle stops the work.

An answer that cannot be read is asked for twice more, in the same words with another seed; all tries are kept. A
refusal is an answer and not asked again. It asks one question at a time, and counts nothing.
"""

import asyncio
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from moviellm.eval.judging.request import JudgeRequest, key_of
from moviellm.eval.judging.verdicts import (
    Form,
    PairVerdict,
    UnreadableError,
    Unscored,
    Verdict,
    read_verdict,
    schema_of,
)
from moviellm.generation.config.recipe import recipe_from
from moviellm.generation.llm.asks import Ask, Reply
from moviellm.generation.llm.money import Budget, refuse_unpriced
from moviellm.generation.llm.service import Service, open_service
from moviellm.generation.protocols import StoppedError

TRIES: Final = 3
"""Times that an unreadable answer is asked for."""
MAX_TOKENS: Final = 2048
"""Longest answer, thinking included."""
CONCURRENCY: Final = 16
_JUDGE: Final = re.compile(r"([a-z][a-z0-9_]*):([^\s@]+)(?:@([A-Za-z0-9._-]+))?")
_VERSIONED: Final = re.compile(r"\d{4}-?\d{2}|@|[0-9a-f]{12}")
SHARED: Final = ("text", "finish_reason", "refusal", "tokens_in", "tokens_out", "tokens_cached", "usd")


@dataclass(frozen=True, kw_only=True)
class Record:
    """One question to a judge and what came of it."""

    key: str
    """Hash of all that decides it: request.key_of."""
    request: JudgeRequest
    judge: Mapping[str, Any]
    """`name` as asked, `version` as served, `params`."""
    tries: tuple[Mapping[str, Any], ...]
    """What the judge answered, as it came: `text`, `finish_reason`, `refusal`, tokens, `usd`."""
    outcome: Verdict | Unscored
    given_up: str | None = None
    """Why there was no further try, where a call failed."""

    @property
    def verdict(self) -> Verdict | None:
        """The verdict, or None."""
        return None if isinstance(self.outcome, Unscored) else self.outcome

    @property
    def usd(self) -> float:
        """What it cost, where the price is known."""
        return sum(one["usd"] or 0.0 for one in self.tries)

    def row(self) -> dict[str, Any]:
        """A line of the kept records and of transcripts."""
        request, verdict = self.request, self.verdict
        return {
            "key": self.key,
            "item_id": request.item_id,
            "revision": request.revision,
            "order": request.order,
            "sample": request.sample,
            "rubric": {
                "id": request.rubric.id,
                "form": request.rubric.form,
                "text_sha256": request.rubric.text_sha256,
            },
            "judge": dict(self.judge),
            "messages": request.messages,
            "tries": [dict(one) for one in self.tries],
            "verdict": None if verdict is None else verdict.model_dump(),
            "unscored": None
            if not isinstance(self.outcome, Unscored)
            else {"kind": self.outcome.kind, "reason": self.outcome.reason},
        }


def outcome_of(form: Form, tries: Sequence[Mapping[str, Any]], given_up: str | None = None) -> Verdict | Unscored:
    """What the tries of one question come to; the last one counts, for earlier ones could not be read.

    Args:
        given_up: why there was no further try, where a call failed.
    """
    if given_up is not None:
        refused = given_up.startswith("the server refuses this")
        return Unscored("refused" if refused else "no answer", given_up)
    last = tries[-1]
    if last["refusal"] is not None:
        return Unscored("refused", last["refusal"])
    if last["finish_reason"] == "content_filter":
        return Unscored("refused", "the server's content filter")
    if last["finish_reason"] == "length":
        return Unscored("cut off", f"after {last['tokens_out']} tokens; --max-tokens may be raised")
    try:
        return read_verdict(form, last["text"])
    except UnreadableError as error:
        return Unscored("unreadable", str(error))


def side_of(verdict: PairVerdict, order: int) -> str:
    """Which run wins: `a` (the first answer), `b` or `tie`, however they were shown."""
    if verdict.verdict == "tie":
        return "tie"
    return "a" if (verdict.verdict == "A") == (order == 0) else "b"


class DriftError(StoppedError):
    """The server answers with another version of the judge than before."""


class Judge:
    """A judge; used by one event loop."""

    def __init__(
        self,
        name: str,
        service: Service,
        *,
        revision: str | None = None,
        max_tokens: int = MAX_TOKENS,
        temperature: float | None = None,
    ) -> None:
        self.name = name
        """The model as it is asked for."""
        self.service = service
        self.revision = revision
        """What the user says of its version, where the server says nothing."""
        self.version: str | None = None
        """The model as it is served; None before it was asked, or found among kept verdicts."""
        self.params: Mapping[str, Any] = {"max_tokens": max_tokens, "temperature": temperature}
        """What else decides a verdict; without a temperature none is sent, for some models take none."""
        self._first = asyncio.Lock()

    @property
    def pinned(self) -> bool:
        """Whether its version says which weights judged."""
        version = self.version or self.name
        return self.revision is not None or version != self.name or _VERSIONED.search(version) is not None

    @property
    def assumed(self) -> str:
        """Its version, as far as is known now."""
        return self.version or self.version_of(self.name)

    def version_of(self, served: str) -> str:
        """The version that a served name means."""
        return served if self.revision is None else f"{served}@{self.revision}"

    async def ask(self, request: JudgeRequest) -> Record:
        """Ask once; what cannot be read is asked for again.

        Raises:
            StoppedError: nothing can be asked now: money, key, server; or the judge is another one (DriftError).
        """
        if self.version is None:
            async with self._first:  # one question finds out which version it is
                return await self._ask(request)
        return await self._ask(request)

    async def _ask(self, request: JudgeRequest) -> Record:
        tries: list[Mapping[str, Any]] = []
        given_up = None
        while True:
            try:
                reply = await self._reply(self.exchange(request, len(tries)))
            except ValueError as error:
                given_up = str(error)
            else:
                tries.append({name: getattr(reply, name) for name in SHARED})
            outcome = outcome_of(request.rubric.form, tries, given_up)
            done = not isinstance(outcome, Unscored) or outcome.kind in {"refused", "no answer"}
            if done or len(tries) >= TRIES:
                break
        judge = {"name": self.name, "version": self.assumed, "params": dict(self.params)}
        key = key_of(request, self.assumed, self.params)
        return Record(key=key, request=request, judge=judge, tries=tuple(tries), outcome=outcome, given_up=given_up)

    async def _reply(self, exchange: Ask) -> Reply:
        kept = self.service.log.reply(exchange.key)
        if kept is not None and self.version not in (None, self.version_of(kept.get("served") or self.name)):
            self.service.void([exchange.key])  # of another version, under the same alias
        reply = await self.service.exchange(exchange)
        version = self.version_of(reply.served or self.name)
        if self.version is None:
            self.version = version
        if version != self.version:
            raise DriftError(
                f"the judge {self.name} is served as {version} now, and was {self.version} before: verdicts of two "
                f"judges never stand under one name; write the one you mean into --judge"
            )
        return reply

    def exchange(self, request: JudgeRequest, number: int = 0) -> Ask:
        """The call of one try."""
        return exchange_of(self.name, self.params, request, number)

    def kept(self, request: JudgeRequest) -> bool:
        """Whether an earlier process has an answer to a question."""
        return self.service.log.reply(self.exchange(request).key) is not None

    def forget(self, request: JudgeRequest) -> None:
        """Ask anew what came to no verdict."""
        self.service.void([self.exchange(request, number).key for number in range(TRIES)])

    async def close(self) -> None:
        """Give back the connection and make the log durable."""
        await self.service.close()


def exchange_of(name: str, params: Mapping[str, Any], request: JudgeRequest, number: int = 0) -> Ask:
    """The call of one try at a question to a judge."""
    temperature = params["temperature"]
    return Ask(
        model=name,
        messages=request.messages,
        schema=schema_of(request.rubric.form),
        schema_name=f"verdict_{request.rubric.form}",
        temperature=1.0 if temperature is None else temperature,
        max_tokens=params["max_tokens"],
        seed=request.sample * TRIES + number,
    )


def judge_named(text: str) -> tuple[str, str, str | None]:
    """Prefix of the environment, model and revision that `prefix:NAME[@REVISION]` means.

    Raises:
        ValueError: it names no judge.
    """
    found = _JUDGE.fullmatch(text)
    if found is None:
        raise ValueError(
            f"--judge {text!r:.80} is no judge; write openai:NAME (server: OPENAI_BASE_URL, OPENAI_API_KEY), "
            "PREFIX:NAME (PREFIX_BASE_URL, PREFIX_API_KEY), either with @REVISION"
        )
    return found[1].upper(), found[2], found[3]


def open_judge(
    text: str,
    folder: Path,
    *,
    base_url: str | None = None,
    max_usd: float | None = None,
    budget: Budget | None = None,
    max_tokens: int | None = None,
    temperature: float | None = None,
    concurrency: int | None = None,
) -> Judge:
    """The judge that `PREFIX:NAME[@REVISION]` means; nothing is asked yet.

    Args:
        folder: where what is paid is logged; one a judge.
        base_url: its server, in place of PREFIX_BASE_URL.
        max_usd: the most that this judge may cost, earlier processes with the same folder included.
        budget: a budget shared with others, in place of `max_usd`.

    Raises:
        ValueError: it names no judge or no server, or a limit is set and the price is not known.
    """
    prefix, name, revision = judge_named(text)
    limit_usd = max_usd if budget is None else budget.limit_usd
    engine: dict[str, Any] = {"concurrency": concurrency or CONCURRENCY}
    if max_usd is not None:
        engine["max_usd"] = max_usd
    recipe = recipe_from({"llm": {"model": name}, "engine": engine}, source="eval judge")
    server = {f"OPENAI_{part}": os.environ.get(f"{prefix}_{part}", "") for part in ("BASE_URL", "API_KEY")}
    if base_url is not None:
        server["OPENAI_BASE_URL"] = base_url
    if prefix != "OPENAI" and not server["OPENAI_BASE_URL"]:
        raise ValueError(
            f"--judge {text} names no server: set {prefix}_BASE_URL (and {prefix}_API_KEY where it "
            "wants a key), or give --base-url, such as http://127.0.0.1:8000/v1"
        )
    try:
        service = open_service(recipe, folder, environment=server, budget=budget)
    except ValueError as error:
        raise ValueError(_in_words_of(str(error), prefix, base_url)) from None
    if limit_usd is not None:
        refuse_unpriced(service.prices, [name], [])
    return Judge(name, service, revision=revision, max_tokens=max_tokens or MAX_TOKENS, temperature=temperature)


def _in_words_of(text: str, prefix: str, base_url: str | None) -> str:
    """What is wrong with a server, by the names under which a judge was given it."""
    if base_url is not None:
        text = text.replace("OPENAI_BASE_URL is", f"--base-url {base_url!r:.80} is")
    elif prefix == "OPENAI":
        text = text.replace("a server of your own", "a server of your own, or name one with --base-url")
    return text.replace("OPENAI_", f"{prefix}_")
