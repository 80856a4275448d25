"""A process that asks a slow model, to be killed: python -m tests.eval.running.slow_run DATA KEPT LOG

Every question is a line of the log before it is answered.
"""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from moviellm.eval.running.asking import Settings, ask_all
from moviellm.eval.running.films import Showing, frame_policy
from moviellm.eval.running.journal import Journal
from moviellm.eval.running.protocol import Ask, Said, Told
from moviellm.eval.tasks.items import open_data
from tests.eval.running.models import Knowing


class Slow(Knowing):
    """Takes its time."""

    def __init__(self, log: Path) -> None:
        super().__init__()
        self.log = log

    def answer(self, film: Any, asks: Sequence[Ask], told: Told) -> None:
        for place, ask in enumerate(asks):
            if ask.said is None:
                with open(self.log, "a", encoding="utf-8") as file:
                    file.write(f"{ask.question.item_id}\n")
                time.sleep(0.03)
                told(place, Said(text=ask.question.answer))


def main(place: str, kept: Path, log: Path) -> None:
    data = open_data(place, split="test")
    showing = Showing(data, frame_policy(None, None))
    ask_all(Slow(log), data.questions.values(), data, showing, Journal(kept), Settings())


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
