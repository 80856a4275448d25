"""VCGBench, the five aspects of Video-ChatGPT (Maaz et al. 2024, ACL): long answers about ActivityNet videos.

    read_vcgbench("Benchmarking_QA")                # generic_qa.json, temporal_qa.json, consistency_qa.json

A row is {"Q", "A", "video_name"}; of consistency {"Q1", "Q2", "A", "video_name"}: two questions with one answer, a
group. The type of a question is the file it stands in. Correctness, detail and context are three judgements of the
generic ones, temporal understanding and consistency one each of the others: which is judged is the judge's business.
Questions have no ids; here they are counted within each video, as the published scripts do.
"""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from moviellm.eval.published.annotations import Annotations, asked, files_of, read_json, rows_of, some_text

KINDS: Final = ("generic", "temporal", "consistency")
FILES: Final = tuple(f"{kind}_qa.json" for kind in KINDS)


def read_vcgbench(place: str) -> Annotations:
    """The questions of VCGBench, of one file or all three.

    Raises:
        ValueError: a file is not what it should be.
    """
    files = files_of(place, "vcgbench", FILES)
    kinds = [_kind(path) for path in files]
    twice = next((kind for kind in KINDS if kinds.count(kind) > 1), None)
    if twice:
        raise ValueError(f"vcgbench: two files of {twice} questions; name each once")
    found = Annotations(files)
    for path, kind in zip(files, kinds, strict=True):
        pairs = kind == "consistency"
        keys = ("Q1", "Q2", "A", "video_name") if pairs else ("Q", "A", "video_name")
        counts: Counter[str] = Counter()
        for number, row in enumerate(rows_of(path, f"the {kind} questions of VCGBench", keys)):
            where = f"{path}, row {number}"
            movie = some_text(row, "video_name", where)
            name = f"{movie}-{kind}-{counts[movie]:02d}"
            counts[movie] += 1
            found.names.setdefault(movie, (movie, Path(movie).stem))
            _add(found, row, name, movie, kind, where)
    return found


def _add(found: Annotations, row: Mapping[str, Any], name: str, movie: str, kind: str, where: str) -> None:
    answer = some_text(row, "A", where)
    asks = {f"{name}-{number}": f"Q{number}" for number in (1, 2)} if kind == "consistency" else {name: "Q"}
    for item_id, key in asks.items():
        group = name if len(asks) > 1 else None
        text = some_text(row, key, where)
        found.add(asked(item_id, movie, text, answer, question_type=kind, group=group), where)


def _kind(path: Path) -> str:
    """Which questions a file holds, by its name, or by what only consistency has."""
    named = [kind for kind in KINDS if kind in path.name.casefold()]
    if len(named) == 1:
        return named[0]
    rows = read_json(path)
    if isinstance(rows, list) and rows and isinstance(rows[0], dict) and "Q1" in rows[0]:
        return "consistency"
    raise ValueError(f"{path}: which questions are these? Call it {', '.join(FILES[:2])} or {FILES[2]}")
