"""How a checkpoint wants to be asked, as its config.json says under `asked`; nothing is loaded.

    manner = manner_of({"asked": {"bare": True, "times": "index", "frames": 32, "max_tokens": 8}})
    manner.bare                                 # the question as it stands, with no words about the form of an answer
    manner.heard("from 34 to 41")               # "from 34.375 to 43.75": the last frame belongs to the span

For models that were trained on questions of their own form, as the proof's are. What says nothing is asked in words.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

SPAN = re.compile(r"from (\d{1,2}) to (\d{1,2})")


@dataclass(frozen=True)
class Manner:
    """How questions are put, and answers heard."""

    bare: bool = False
    """Questions are put as they stand in the dataset."""
    times: str | None = None
    """`seconds`, or `index`: hundredths of the movie; None: as the config's `time` says."""
    frames: int | None = None
    """Times name one of so many frames, and a span ends with the last one that it names; None: they are moments."""
    max_tokens: int | None = None
    """Longest answer; None: as tasks have it."""

    def heard(self, text: str) -> str:
        """An answer, its span as moments where it names frames."""
        found = SPAN.fullmatch(text.strip()) if self.frames else None
        if found is None:
            return text
        count = int(self.frames or 1)
        first, last = (min(round(int(time) * count / 100), count - 1) for time in found.groups())
        return f"from {100 * first / count:g} to {100 * (last + 1) / count:g}"


def manner_of(config: Mapping[str, Any]) -> Manner:
    """The manner that a config tells; unknown keys are those of a later version and are left out."""
    told = config.get("asked")
    known = {field.name for field in fields(Manner)}
    return (
        Manner(**{key: value for key, value in told.items() if key in known}) if isinstance(told, dict) else Manner()
    )
