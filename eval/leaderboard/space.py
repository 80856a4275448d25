"""What runs in the Space: the page over the datasets that leaderboard.json beside app.py names.

    from moviellm.eval.leaderboard.space import main
    main()

A token that may write the requests, and read both datasets where they are private, is a secret of the Space: HF_TOKEN.
Without Gradio's login (no SPACE_ID: on a machine of one's own) a field asks for the submitter's name.
"""

import json
import os
from pathlib import Path
from typing import Any, Final

from moviellm.eval.leaderboard.showing import Wish, gradio_page, room_of

CONFIG: Final = "leaderboard.json"
KEYS: Final = ("results", "requests", "bench", "bench_revision", "split", "per_day", "title")


def wish_of(folder: Path) -> Wish:
    """What the Space was pushed to show.

    Raises:
        ValueError: leaderboard.json is none.
    """
    told: Any = json.loads((folder / CONFIG).read_bytes())
    if not isinstance(told, dict) or not isinstance(told.get("results"), str):
        raise ValueError(f"{CONFIG} names no results; push the Space again with moviellm leaderboard push")
    known = {name: told[name] for name in KEYS if told.get(name) is not None}
    return Wish(**known, on_hub=bool(os.environ.get("SPACE_ID")))


def main(folder: Path | None = None) -> None:
    """Open the page."""
    page = gradio_page()
    page.launch_space(page.build(room_of(wish_of(folder or Path.cwd()))))
