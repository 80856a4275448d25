"""What the calls to a served model will cost, by estimate: calls, tokens, dollars by the dated price table.

    calls = Calls(endpoint)
    calls.add(film, asks, place)                # as looking.py finds them
    calls.costs(load_prices())                  # {"calls": 57, "tokens_in": ..., "usd": 0.02, "usd_most": 0.4, ...}

A picture counts as many tokens as elsewhere (FRAME_TOKENS), text about a token for four bytes, an answer what its
form takes; a model that thinks before it answers pays for that too. The most is what calls reserve of `--max-usd`:
the longest answer each. The same call twice is paid for once. It asks nobody.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from moviellm.eval.running.endpoint import Endpoint, shown_parts
from moviellm.eval.running.protocol import Ask
from moviellm.eval.tasks.table import form_of
from moviellm.generation.llm.asks import Ask as Exchange
from moviellm.generation.llm.estimates import BYTES_PER_TOKEN, FRAME_TOKENS, tokens_in_bound
from moviellm.generation.llm.money import Prices

TOKENS_OUT: Final = {"answer": 30, "choice": 15, "span": 20, "events": 250}
"""Tokens of an answer, about, by what it says."""
MESSAGE_TOKENS: Final = 5
"""Tokens around a message, about."""


class Calls:
    """Calls to a served model that would be made; see the module."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._known: set[str] = set()
        self._film: Any = None
        self._parts: tuple[list[dict[str, Any]], dict[str, bytes]] = ([], {})
        self.count = self.tokens_in = self.tokens_out = self.most_in = self.most_out = 0

    def add(self, film: Any, asks: Sequence[Ask], place: int) -> None:
        """A question of a film that would be asked, behind the turns that it follows."""
        exchange = self._exchange(film, asks, place)
        if exchange.key in self._known:
            return
        self._known.add(exchange.key)
        ask = asks[place]
        before = sum(asks[turn].max_tokens for turn in _turns_before(asks, place) if not asks[turn].said)
        self.count += 1
        self.tokens_in += _tokens(exchange)
        self.tokens_out += _answer_tokens(ask)
        self.most_in += tokens_in_bound(exchange) + before
        self.most_out += ask.max_tokens

    def _exchange(self, film: Any, asks: Sequence[Ask], place: int) -> Exchange:
        if film is not self._film or not self._parts[0]:
            self._film, self._parts = film, _parts_of(film)
        # What an earlier turn will be answered is not known: as much is put there as it may be.
        answers = {
            turn: asks[turn].said or "x" * round(BYTES_PER_TOKEN * _answer_tokens(asks[turn]))
            for turn in _turns_before(asks, place)
        }
        return self._endpoint.exchange(*self._parts, asks, place, answers)

    def costs(self, prices: Prices) -> dict[str, Any]:
        """What all of it costs; dollars are None where the table does not know the model."""
        usd = prices.usd(self._endpoint.name, tokens_in=self.tokens_in, tokens_out=self.tokens_out)
        most = prices.usd(self._endpoint.name, tokens_in=self.most_in, tokens_out=self.most_out)
        return {
            "calls": self.count,
            "tokens_in": self.tokens_in,
            "tokens_out": self.tokens_out,
            "usd": None if usd is None else round(usd, 6),
            "usd_most": None if most is None else round(most, 6),
            "prices": f"{prices.id} {prices.date}",
            "spent_usd": self._endpoint.facts()["usd"],
        }


def text_of(costs: Mapping[str, Any]) -> str:
    """The estimate in a few words."""
    spent = f"; {costs['spent_usd']:.4f} USD were spent before" if costs["spent_usd"] else ""
    if not costs["calls"]:
        return f"no paid call{spent}"
    money = "no price known"
    if costs["usd"] is not None:
        money = f"about {costs['usd']:.4f} USD, {costs['usd_most']:.4f} at most"
    return (
        f"{costs['calls']:,} calls (about {costs['tokens_in']:,} tokens in, {costs['tokens_out']:,} out), {money} by "
        f"{costs['prices']}{spent}"
    )


def _parts_of(film: Any) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
    """What is sent of a film, with names in place of its pictures."""
    key = None if film is None else film.content_key or film.movie_id
    return shown_parts(film, lambda number: f"{key} {number}".encode())


def _turns_before(asks: Sequence[Ask], place: int) -> list[int]:
    found = []
    before = asks[place].turn_of
    while before is not None:
        found.append(before)
        before = asks[before].turn_of
    return found


def _answer_tokens(ask: Ask) -> int:
    return min(ask.max_tokens, TOKENS_OUT[form_of(ask.question.answer_format).says])


def _tokens(exchange: Exchange) -> int:
    """Tokens of a question, about."""
    size, pictures = 0, 0
    for message in exchange.messages:
        content = message["content"]
        parts: Any = content if isinstance(content, list) else [{"type": "text", "text": content}]
        size += sum(len(part["text"].encode(errors="replace")) for part in parts if part["type"] == "text")
        pictures += sum(part["type"] == "image_url" for part in parts)
    return round(size / BYTES_PER_TOKEN) + FRAME_TOKENS * pictures + MESSAGE_TOKENS * len(exchange.messages)
