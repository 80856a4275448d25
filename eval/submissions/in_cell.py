"""What is called in a cell: a bundle is checked, put into its one form, or scored. Arguments and answers are JSON.

It is the only module of this room that a cell is asked to call; see cell.py for who calls it and how.
"""

from pathlib import Path
from typing import Any

from moviellm.eval.submissions.checking import check_bundle
from moviellm.eval.submissions.index import read_index


def check(bundle: str, index: str, task: str | None) -> dict[str, Any]:
    """The problems of a bundle."""
    return check_bundle(Path(bundle), read_index(Path(index)), task=task).problems.facts()
