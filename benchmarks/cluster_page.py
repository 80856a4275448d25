"""The page of cluster.py, from its results: every number is taken from there.

text = page(Path("results"))
"""

import json
from pathlib import Path
from typing import Any

EFFICIENCY_AIM, OVER_AIM = 0.9, 0.02


def page(folder: Path) -> str:
    """The text; what was not measured is left out."""
    parts = [
        "# On a cluster",
        "Measured by `python benchmarks/cluster.py kills|llm|limits|eval`, rendered from its results.",
    ]
    for name, part in {"kills": _kills, "llm": _llm, "limits": _limits, "eval": _eval}.items():
        path = folder / f"cluster_{name}.json"
        if path.is_file():
            parts.append(part(json.loads(path.read_bytes())))
    return "\n\n".join(parts) + "\n"


def _kills(found: dict[str, Any]) -> str:
    rows = found["rows"]
    lost, more, other = (sum(row[name] for row in rows) for name in ("lost", "more", "other_bytes"))
    same = sum(row["dataset_same"] for row in rows)
    return (
        "## Nodes killed at random moments\n\n"
        f"{found['runs']} runs of {found['movies']} movies ({found['cells']} cells) on {found['nodes']} nodes; "
        f"{found['kills']} nodes killed, {found['heads']} of them heads.\n\n"
        "| files lost | files too many | with other bytes | datasets of the same bytes | cells made again a kill |\n"
        "|--:|--:|--:|--:|--:|\n"
        f"| {lost} | {more} | {other} | {same} of {len(rows)} | {found['cells_made_again_a_kill']:g} |"
    )


def _llm(found: dict[str, Any]) -> str:
    return "\n\n".join(
        [
            "## A model that writes",
            f"{found['shards']} shards, {found['calls']:,} calls of {found['latency_ms']} ms, one at a time a node.",
            _spans(found, "calls"),
            f"{_efficiency(found)} The aim is {EFFICIENCY_AIM:g}. {_added(found['ray_overhead_s_a_shard'], 'shard')}",
        ]
    )


def _eval(found: dict[str, Any]) -> str:
    return "\n\n".join(
        [
            "## A model that is asked",
            f"{found['movies']} movies, {found['calls']:,} calls of {found['latency_ms']} ms, one at a "
            "time a node; the results of one machine, one node and four are the same.",
            _spans(found, "calls"),
            f"{_efficiency(found)} {_added(found['ray_overhead_s_a_movie'], 'movie')}",
        ]
    )


def _spans(found: dict[str, Any], what: str) -> str:
    names = {"alone": "one machine, no Ray", "nodes_1": "one node", "nodes_4": "four nodes"}
    lines = ["| where | s, first call to last | ms a call | time of the cores given to others |", "|---|--:|--:|--:|"]
    for name, seconds in found["seconds"].items():
        stolen = found["stolen"].get(name)
        share = "" if stolen is None else f"{stolen:.0%}"
        lines.append(f"| {names[name]} | {seconds:g} | {1000 * seconds / found[what]:.1f} | {share} |")
    return "\n".join(lines)


def _added(seconds: float, what: str) -> str:
    more = "more" if seconds > 0 else "less"
    return f"On one node with Ray a {what} takes {abs(seconds) * 1000:.0f} ms {more} than without."


def _efficiency(found: dict[str, Any]) -> str:
    whole, at_work = found["efficiency"], found["efficiency_at_work"]
    return f"Efficiency from one node to four: {whole:g} from first call to last, {at_work:g} while all of them ask."


def _limits(found: dict[str, Any]) -> str:
    lines = ["| a minute | limit | most in any minute | over |", "|---|--:|--:|--:|"]
    for name, what in (("requests_per_minute", "requests"), ("tokens_per_minute", "tokens")):
        limit, most = found[name]["limit"], found[name]["most"]
        lines.append(f"| {what} | {limit:,} | {most:,} | {max(0.0, most / limit - 1):.1%} |")
    return "\n\n".join(
        [
            "## Limits of the whole cluster",
            f"{found['calls']:,} calls from {found['nodes']} nodes in {found['minutes']:g} minutes, the actor that "
            f"keeps the limits killed {found['desks_killed']} times; the aim is {OVER_AIM:.0%} over at most.",
            "\n".join(lines),
        ]
    )
