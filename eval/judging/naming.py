"""Names of judgements: what a number is called, so that numbers of two judges or two rubrics never share a name.

    metric_name("judged_accuracy", ("gpt-5.4-mini-2026-03",), "rubric-1")    # judged_accuracy@gpt-5.4-mini-2026-03/rubric-1
    slug_of(metric)                                                          # the same as a folder's name

A panel is named by all its members. A judge of which nobody says which weights judged is called so (`@unpinned`), and
a rubric that wants what happens in the movie and did not get it, too (`-no-facts`). It computes nothing.
"""  # noqa: E501

import hashlib
import re
from collections.abc import Sequence
from typing import Final

UNPINNED: Final = "@unpinned"
NO_FACTS: Final = "-no-facts"
SLUG_MAX: Final = 120
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._@+=-]")


def metric_name(root: str, judges: Sequence[str], rubric_id: str, against: str | None = None) -> str:
    """The full name of a number.

    Args:
        root: What it is, e.g. `judged_accuracy`.
        judges: Members by version; of a panel, in the order of their names.
        against: The run that answers are compared with.
    """
    opponent = "" if against is None else f"-vs-{against}"
    return f"{root}{opponent}@{'+'.join(judges)}/{rubric_id}"


def slug_of(text: str) -> str:
    """A name as the name of one file; two names never share one."""
    plain = _UNSAFE.sub("_", text.replace("/", "_"))
    if plain == text.replace("/", "_") and len(plain) <= SLUG_MAX and not plain.startswith("."):
        return plain
    return f"{plain[: SLUG_MAX - 9].lstrip('.')}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def opponent_of(model_id: str, answers_sha256: str) -> str:
    """A run that others are compared with: its model, and which of its answers."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", model_id.rstrip("/").rsplit("/", 1)[-1])[:40].strip("-.") or "run"
    return f"{name}-{answers_sha256[:8]}"
