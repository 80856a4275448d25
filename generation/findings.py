"""What a check finds: one type for the check of a run, of a dataset folder, and whatever is checked next."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is not as it should be."""

    severity: Literal["error", "warning"]
    """An error means that committed data is damaged; a warning costs nothing but space or a second try."""
    where: str
    """File, movie or cell."""
    what: str
    """What is the matter."""
    do: str
    """What to do about it."""
    kind: str = ""
    """What part of the check found it, e.g. `pictures`: reports group by it."""
