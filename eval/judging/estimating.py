"""What judging will cost, before anything is asked: calls, tokens, dollars; kept answers cost nothing.

    plan = estimate([("openai:gpt-5-mini", folder)], requests, params)
    plan["calls"], plan["usd"], plan["usd_most"]

Tokens are estimates (about four bytes each) and so is the length of a verdict; models that think write more. The most
is what a call reserves of `--max-usd`: the longest answer. It asks nobody and writes nothing.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from moviellm.eval.judging.asking import exchange_of, judge_named
from moviellm.eval.judging.request import JudgeRequest
from moviellm.generation.llm.estimates import BYTES_PER_TOKEN, tokens_in_bound
from moviellm.generation.llm.exchanges import ExchangeLog
from moviellm.generation.llm.money import Prices, load_prices

TOKENS_OUT: Final = {"pointwise": 80, "score": 70, "pairwise": 140}
"""A verdict with its reason, about, by form."""


def estimate(
    judges: Sequence[tuple[str, Path]], requests: Sequence[JudgeRequest], params: Mapping[str, Any]
) -> dict[str, Any]:
    """What every judge, and all together, will be asked and cost.

    Args:
        judges: Each as `--judge` has it, with the folder of what it was paid for already.
        params: Of the judges: `max_tokens`, `temperature`.
    """
    prices = load_prices()
    rows = [_judge(text, folder, requests, params, prices) for text, folder in judges]
    known = all(row["usd"] is not None for row in rows)
    return {
        "judges": rows,
        **{name: sum(row[name] for row in rows) for name in ("calls", "kept", "tokens_in", "tokens_out")},
        "usd": _usd(rows, "usd") if known else None,
        "usd_most": _usd(rows, "usd_most") if known else None,
        "prices": f"{prices.id} {prices.date}",
    }


def _judge(
    text: str, folder: Path, requests: Sequence[JudgeRequest], params: Mapping[str, Any], prices: Prices
) -> dict[str, Any]:
    name = judge_named(text)[1]
    log = ExchangeLog(folder)
    asks = [exchange_of(name, params, request) for request in requests]
    new = [(ask, request) for ask, request in zip(asks, requests, strict=True) if log.reply(ask.key) is None]
    tokens_in = sum(round(len(ask.canonical) / BYTES_PER_TOKEN) for ask, _ in new)
    tokens_out = sum(TOKENS_OUT[request.rubric.form] for _, request in new)
    most_in = sum(tokens_in_bound(ask) for ask, _ in new)
    return {
        "judge": text,
        "calls": len(new),
        "kept": len(requests) - len(new),
        "tokens_in": tokens_in,
        "tokens_out": tokens_out,
        "usd": prices.usd(name, tokens_in=tokens_in, tokens_out=tokens_out),
        "usd_most": prices.usd(name, tokens_in=most_in, tokens_out=len(new) * params["max_tokens"]),
    }


def _usd(rows: Sequence[Mapping[str, Any]], name: str) -> float:
    return round(sum(float(row[name]) for row in rows), 6)


def text_of(plan: Mapping[str, Any]) -> str:
    """The estimate for a terminal."""
    lines = []
    for row in plan["judges"]:
        money = (
            "no price known" if row["usd"] is None else f"about {row['usd']:.4f} USD, {row['usd_most']:.4f} at most"
        )
        lines.append(
            f"{row['judge']}: {row['calls']:,} calls, {row['kept']:,} kept; about {row['tokens_in']:,} tokens in and "
            f"{row['tokens_out']:,} out; {money}"
        )
    if len(plan["judges"]) > 1 and plan["usd"] is not None:
        lines.append(f"together: {plan['calls']:,} calls; about {plan['usd']:.4f} USD, {plan['usd_most']:.4f} at most")
    lines.append(f"prices: {plan['prices']}; nothing was asked and nothing written")
    return "\n".join(lines)
