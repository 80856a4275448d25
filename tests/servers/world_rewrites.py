"""Rewritten captions and lines of a model, and what it reads in sentences.

    retelling(data, changed=0.3)        # every text in other words; so many of them say something else
    reading(data)                       # what was rewritten is read as it was meant, changed facts included

A double cannot read: it remembers what it meant by each text that it wrote in this process. It knows no film.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

MEANT: dict[str, dict[str, Any]] = {}
"""Text -> its kind and what it says."""
OPENINGS = ("As it happens, ", "Look: ", "So it is that ", "And now ")
Changed = Callable[[dict[str, Any]], dict[str, Any] | None]


def retelling(data: Mapping[str, Any], changed: float) -> dict[str, Any]:
    """Every text with another opening, which says the same, or something else."""
    return {"texts": [{"id": item["id"], "text": _retold(item, changed)} for item in data["texts"]]}


def _retold(item: dict[str, Any], changed: float) -> str:
    draw, says, kind = _share(item["text"]), dict(item["says"]), item["kind"]
    text = f"{OPENINGS[int(draw * len(OPENINGS))]}{item['text']}"
    if kind == "line":  # there is hardly ever time for more words
        text = item["text"].rstrip(".") + "!"
    if _share("changed", item["text"]) < changed:
        ways = CHANGES[kind]
        says = ways[int(draw * len(ways))](says) or says | {"also": ["somebody laughs"]}
        text = f"{text}?" if kind == "line" else f"{text} Or does it?"
    MEANT[text] = {"kind": kind, **says}
    return text


def _share(*parts: object) -> float:
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:6], "big") / 2**48


def _other_action(says: dict[str, Any]) -> dict[str, Any]:
    return {**says, "action": "steal" if says["action"] != "steal" else "give"}


def _failed(says: dict[str, Any]) -> dict[str, Any]:
    return {**says, "failed": not says["failed"]}


def _turned(says: dict[str, Any]) -> dict[str, Any] | None:
    return {**says, "who": says["whom"], "whom": says["who"]} if says["whom"] else None


def _nobody(says: dict[str, Any]) -> dict[str, Any] | None:
    return {**says, "people": says["people"][:-1]} if says["people"] else None


def _claim(says: dict[str, Any]) -> dict[str, Any]:
    return {"claims": [*says["claims"], {"fact": "wounded", "of": ["Somebody"], "value": "yes"}]}


def _unsaid(says: dict[str, Any]) -> dict[str, Any] | None:
    return {"claims": says["claims"][1:]} if says["claims"] else _claim(says)


CHANGES: Mapping[str, tuple[Changed, ...]] = {
    "event": (_other_action, _failed, _turned),
    "picture": (_nobody,),
    "line": (_claim, _unsaid),
}


def reading(data: Mapping[str, Any]) -> dict[str, Any]:
    """What was meant by each text; of a text that it did not write it reads nothing."""
    found: dict[str, list[dict[str, Any]]] = {"events": [], "pictures": [], "lines": []}
    for item in data["texts"]:
        meant = MEANT.get(item["text"])
        if meant is not None:
            says = {name: value for name, value in meant.items() if name != "kind"}
            found[f"{meant['kind']}s"].append({"also": [], "id": item["id"], **says})
    return found
