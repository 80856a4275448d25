"""What lmms-eval logged of our tasks becomes predictions, for intervals, reports and comparisons.

    lmms-eval --tasks moviellm --log_samples --output_path logs ...
    python -m moviellm.eval.lmms_eval.logs logs/*/*_samples_moviellm_*.jsonl > predictions.jsonl
    moviellm eval run --model replay:predictions.jsonl --data org/name --out results

Any model's logs will do. Logs of other tasks are refused. It scores nothing.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from moviellm.eval.lmms_eval.questions import UNREAD
from moviellm.generation.schema import canonical_json


def predictions(paths: Iterable[Path]) -> Iterator[dict[str, Any]]:
    """A prediction for each answer, as `replay:` takes it.

    Raises:
        ValueError: a file is no log of our tasks, or an answer comes twice.
    """
    seen: dict[str, Path] = {}
    for path in paths:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            try:
                row = json.loads(line)
                name, said = row[UNREAD]["id"], row["filtered_resps"]
            except (ValueError, KeyError, TypeError):
                raise ValueError(
                    f"{path}, line {number} is no answer of a moviellm task; give the files that --log_samples wrote "
                    "of them: *_samples_moviellm_*.jsonl"
                ) from None
            if name in seen:
                raise ValueError(
                    f"{name} was answered in {seen[name]} and in {path}: give the logs of one run; lmms-eval puts its "
                    "time in front of their names"
                )
            seen[name] = path
            yield {"id": name, "answer": said if isinstance(said, str) else said[0]}


def main(arguments: list[str]) -> int:
    """Print predictions of the logs that are named."""
    try:
        if not arguments:
            raise ValueError("name the logs: *_samples_moviellm_*.jsonl under lmms-eval's --output_path")
        lines = [canonical_json(row) for row in predictions(map(Path, arguments))]
    except (ValueError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
