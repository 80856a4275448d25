"""What is checked before the first step: what every sample costs, and that the first batch is what it should be.

    write_table(library, order, Path("runs/tiny"))              # preflight.json, and a table of the largest samples
    check_batch(batch, library, decode=tokenizer.decode)        # frames are there, only answers have labels

A trainer that drops columns trains on text and says nothing; one that masks nothing trains on the questions. Both are
errors here. It computes no loss.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from moviellm.generation.files import write_whole
from moviellm.training.data.library import Library, Sample

PREFLIGHT = "preflight.json"
SHOWN = 8
"""Samples in the table: the largest."""


def write_table(library: Library, out: Path, notes: Sequence[str]) -> None:
    """preflight.json, and the largest samples and the totals on standard error."""
    found = [asdict(sample) for sample in library.samples]
    columns = ("frames", "tokens", "pixels", "labelled", "answers")
    totals = {name: sum(int(one[name]) for one in found) for name in columns}
    data = {"notes": list(notes), "samples": len(found), "totals": totals, "table": found}
    out.mkdir(parents=True, exist_ok=True)
    write_whole(out / PREFLIGHT, (json.dumps(data, ensure_ascii=False, indent=1) + "\n").encode())
    _show(found, totals, columns)


def _show(found: list[dict[str, Any]], totals: Mapping[str, int], columns: Sequence[str]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{len(found):,} samples, the largest first", title_justify="left")
    table.add_column("sample", overflow="fold")
    table.add_column("source")
    for name in columns:
        table.add_column(name, justify="right")
    largest = sorted(found, key=lambda one: (-one["tokens"], one["number"]))[:SHOWN]
    for one in largest:
        table.add_row(one["name"], one["source"], *(f"{one[name]:,}" for name in columns))
    table.add_section()
    table.add_row("all", "", *(f"{totals[name]:,}" for name in columns))
    Console(stderr=True, highlight=False).print(table)


def check_batch(batch: Mapping[str, Any], samples: Sequence[Sample], frame_token_id: int | None) -> None:
    """Refuse a batch without frames where its samples have some, without labels, or that learns its frames."""
    names = ", ".join(sample.name for sample in samples)
    frames = [name for name in batch if name.startswith(("pixel_values", "frame_features"))]
    if any(sample.frames for sample in samples) and not any(len(batch[name]) for name in frames):
        raise ValueError(
            f"the first batch ({names}) has no pixel_values and no frame_features, so that the model would train on "
            f"text alone; it has {', '.join(sorted(batch))}"
        )
    labels, ids = batch["labels"], batch["input_ids"]
    learned = labels != -100
    if not bool(learned.any()):
        raise ValueError(f"the first batch ({names}) has no label: nothing would be learned from it")
    if frame_token_id is not None and bool((labels[learned] == frame_token_id).any()):
        raise ValueError(f"the first batch ({names}) has labels on the placeholders of frames")
    expected = sum(sample.labelled for sample in samples)
    if int(learned.sum()) != expected:
        raise ValueError(
            f"the first batch ({names}) has {int(learned.sum())} labels, and its answers have {expected} tokens"
        )
    if not bool((labels[learned] == ids[learned]).all()):
        raise ValueError(f"the first batch ({names}) has labels that are not its own tokens")


def learned_texts(batch: Mapping[str, Any], decode: Callable[[Any], str]) -> list[str]:
    """The stretches that a batch learns, as text."""
    texts = []
    for ids, labels in zip(batch["input_ids"], batch["labels"], strict=True):
        there = (labels != -100).tolist()
        start = None
        for at, on in enumerate([*there, False]):
            if on and start is None:
                start = at
            if not on and start is not None:
                texts.append(decode(ids[start:at]))
                start = None
    return texts
