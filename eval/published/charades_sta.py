"""Charades-STA (Gao et al. 2017, ICCV): when something happens, a line each.

    read_charades("charades_sta_test.txt")          # 3MSZA 24.3 30.4##person turn a light on.

How long a film is stands in `Charades_v1_test.csv` of Charades (columns id, length), taken where it lies beside the
annotations or is named behind a comma; else the film files are asked. Spans that end before they start are left out
and counted; a span that ends behind its film stays as it was annotated.
"""

import csv
import io
import re
from collections import Counter
from pathlib import Path
from typing import Final

from moviellm.eval.published.annotations import EMPTY_SPAN, Annotations, files_of, moment, read_text, seconds_of

LENGTHS: Final = "Charades_v1_{split}.csv"
LINE: Final = "VIDEO START END##sentence"


def read_charades(place: str) -> Annotations:
    """The queries of Charades-STA.

    Raises:
        ValueError: a file is not what it should be.
    """
    files = files_of(place, "charades-sta", ("charades_sta_test.txt",))
    tables = [path for path in files if path.suffix == ".csv"]
    files = [path for path in files if path.suffix != ".csv"]
    if not files:
        raise ValueError(f"charades-sta:{place} names no queries; name charades_sta_test.txt")
    tables = tables or [path for file in files if (path := _beside(file)) is not None]
    lengths = {movie: length for table in tables for movie, length in _lengths(table).items()}
    found = Annotations(files, tables)
    counts: Counter[str] = Counter()
    for path in files:
        for number, line in enumerate(read_text(path).split("\n"), 1):
            if line.strip():
                _add(found, line, counts, lengths, f"{path}, line {number}")
    if not counts:
        raise ValueError(f"{', '.join(map(str, files))}: no queries; a line is {LINE}")
    return found


def _add(found: Annotations, line: str, counts: Counter[str], lengths: dict[str, float], where: str) -> None:
    head, mark, sentence = line.partition("##")
    parts = head.split()
    if not mark or len(parts) != 3:
        raise ValueError(f"{where}: {line.strip()!r:.60}; a line is {LINE}")
    if not sentence.strip(" .\t\r"):
        raise ValueError(f"{where}: no sentence behind ##; a line is {LINE}")
    movie = parts[0]
    span = (seconds_of(parts[1], f"{where}: the start"), seconds_of(parts[2], f"{where}: the end"))
    item_id = f"{movie}-{counts[movie]:02d}"
    counts[movie] += 1
    found.names.setdefault(movie, (movie,))
    if span[1] <= span[0]:
        found.leave_out(item_id, EMPTY_SPAN, where)
    else:
        found.add(moment(item_id, movie, sentence, span, lengths.get(movie, 0.0)), where)


def _beside(path: Path) -> Path | None:
    """The table of lengths that lies beside a file of queries and is of the same split."""
    split = re.search(r"train|test", path.name)
    table = path.parent / LENGTHS.format(split=split[0] if split else "test")
    return table if table.is_file() else None


def _lengths(path: Path) -> dict[str, float]:
    """Seconds by video."""
    try:
        rows = list(csv.DictReader(io.StringIO(read_text(path)), strict=True))
    except csv.Error as error:
        raise ValueError(f"{path} is no CSV ({error})") from None
    if not rows or not {"id", "length"} <= set(rows[0]):
        raise ValueError(f"{path}: no columns id and length; is it a table of Charades?")
    return {
        str(row["id"]): seconds_of(row["length"] or "", f"{path}, row {number}: length")
        for number, row in enumerate(rows, 1)
    }
