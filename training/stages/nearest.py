"""What somebody probably meant: ` (did you mean learning_rate?)`, or nothing.

raise ValueError(f"unknown key {key}{did_you_mean(key, known)}")
"""

import difflib
from collections.abc import Iterable


def did_you_mean(key: str, known: Iterable[str]) -> str:
    """The nearest known name, as a remark behind an unknown one."""
    close = difflib.get_close_matches(key, list(known), n=1, cutoff=0.6)
    return f" (did you mean {close[0]}?)" if close else ""
