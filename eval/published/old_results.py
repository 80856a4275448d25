"""Result files of published scripts read again: by the script's arithmetic, and by the right one.

    old = read_vtimellm(Path("log.txt"), Path("val_2.json"))    # VTimeLLM's log of predictions, and the annotations
    old = read_vcgbench([Path("correctness_results")])          # judged answers of Video-ChatGPT's scripts
    old = read_moviellm([Path("judged")])                       # what MovieLLM's eval_movie_qa.py wrote
    old.legacy, old.right, old.notes

The legacy numbers are those of `moviellm.eval.core`, faults included, for old tables only. The right ones divide by
what there is, keep scores as they were said, leave out what is no verdict and count it, and have intervals by video.
It judges nothing anew: what a script never kept cannot be had back.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from moviellm.eval.core import extract_span, moviellm_legacy, temporal_iou, vcgbench_legacy, vtimellm_compat
from moviellm.eval.core.grounding import reaches
from moviellm.eval.published.annotations import read_json, read_text
from moviellm.eval.tasks.answers import token_f1
from moviellm.eval.tasks.means import Number, mean_of
from moviellm.eval.tasks.scoring import THRESHOLDS

ANSWERED: Final = ("ground_truth", "ours", "baseline")
"""Folders of answers in MovieLLM's `res`."""
PARTS: Final = ("overview", "plot", "temporal")
_YES_NO: Final = re.compile(r"\W*(yes|no)\b", re.IGNORECASE)
_WHICH: Final = re.compile(r"\b(first|second)\b", re.IGNORECASE)


@dataclass
class Old:
    """Old results, read twice."""

    legacy: dict[str, float | None] = field(default_factory=dict)
    """As the script prints them."""
    right: dict[str, Number] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    """What a reader of the numbers must know."""


def read_vtimellm(log: Path, gold: Path) -> Old:
    """The grounding answers of VTimeLLM's log, held against annotations in the form of ActivityNet Captions.

    Raises:
        ValueError: a file is not what it should be.
    """
    spans = _spans(gold)
    old, said, again, broken = Old(), dict[tuple[str, int, int], str](), 0, 0
    ious: list[float] = []
    for number, line in enumerate(read_text(log).split("\n"), 1):
        if not line.strip():
            continue
        try:
            told = json.loads(line)
        except (ValueError, RecursionError):  # the script leaves them out as well
            broken += 1
            continue
        row = _grounding(told, f"{log}, line {number}")
        if row is None:
            continue
        movie, at, query, answer = row
        if movie not in spans or not 0 <= at < len(spans[movie][1]):
            raise ValueError(f"{log}, line {number}: {gold} has no sentence {at} of {movie!r:.60}")
        length, golds = spans[movie]
        ious.append(vtimellm_compat(answer, [time / length for time in golds[at]]))
        again += (movie, at, query) in said
        said.setdefault((movie, at, query), answer)
    if not said:
        raise ValueError(
            f'{log} holds no grounding answers; a line is {{"video_id", "task": "grounding", "answer", ...}}'
        )
    old.legacy = {"miou": sum(ious) / len(ious)}
    old.legacy |= {f"r1@{t}": sum(iou >= t for iou in ious) / len(ious) for t in THRESHOLDS}
    queries = sorted({query for _, _, query in said})
    items = [
        (movie, at, query) for movie, (_, golds) in spans.items() for at in range(len(golds)) for query in queries
    ]
    right = [_iou(said.get(item), spans[item[0]][0], spans[item[0]][1][item[1]]) for item in items]
    movies = [movie for movie, _, _ in items]
    old.right = {"miou": mean_of(right, movies)}
    old.right |= {f"r1@{t}": mean_of([float(reaches(iou, t)) for iou in right], movies) for t in THRESHOLDS}
    missing = len(items) - len(said)
    if missing:
        old.notes.append(f"{missing} of {len(items)} queries have no answer: left out by the script, here 0")
    if broken:
        old.notes.append(f"{broken} lines are not JSON: left out")
    if again:
        old.notes.append(f"{again} answers come twice: counted twice by the script, here the first")
    return old


def _spans(path: Path) -> dict[str, tuple[float, list[tuple[float, float]]]]:
    """Length and true spans by video, as they are annotated."""
    from moviellm.eval.core.inputs import number_of, span_of

    rows = read_json(path)
    if not isinstance(rows, dict) or not rows:
        raise ValueError(f"{path}: these are no annotations in the form of ActivityNet Captions")
    found = {}
    for movie, row in rows.items():
        where = f"{path}, {movie!r:.60}"
        if not isinstance(row, dict) or not isinstance(row.get("timestamps"), list) or "duration" not in row:
            raise ValueError(f"{where}: no duration and timestamps")
        length = number_of(row["duration"], f"{where}: duration")
        if length <= 0:
            raise ValueError(f"{where}: duration is {length:g}; a video lasts longer")
        found[movie] = (length, [span_of(one, f"{where}: a timestamp") for one in row["timestamps"]])
    return found


def _grounding(row: Any, where: str) -> tuple[str, int, int, str] | None:
    """Video, sentence, query and answer of a line; None where it is about something else."""
    if not isinstance(row, dict):
        raise ValueError(f"{where} is no object; is it a log of VTimeLLM?")
    if row.get("task") != "grounding":
        return None
    info = row.get("info")
    at = info.get("sentence_id") if isinstance(info, dict) else None
    movie, query, answer = row.get("video_id"), row.get("query_id", 0), row.get("answer")
    if not (type(at) is int and type(query) is int and isinstance(movie, str) and isinstance(answer, str)):
        raise ValueError(f"{where}: a grounding answer has video_id, query_id, answer and info.sentence_id")
    return movie, at, query, answer


def _iou(answer: str | None, length: float, gold: tuple[float, float]) -> float:
    """Of an answer in hundredths of the video, not rounded."""
    span = None if answer is None else extract_span(answer)
    return 0.0 if span is None else temporal_iou([time * length / 100 for time in span], gold)


def read_vcgbench(paths: Sequence[Path]) -> Old:
    """Judged answers of Video-ChatGPT's scripts: folders of `VIDEO_N.json`, or the combined file.

    Raises:
        ValueError: a file is not what it should be.
    """
    judged = {name: row for path in paths for name, row in _judged(path).items()}
    old = Old()
    try:
        found = vcgbench_legacy(list(judged.values()))
        old.legacy = {"accuracy": found["accuracy"], "average_score": found["average_score"]}
    except ValueError as error:
        old.notes.append(f"the script stops here: {error}")
    marks = {name: mark for name, row in judged.items() if (mark := _YES_NO.match(str(row.get("pred", ""))))}
    scores = {name: score for name, row in judged.items() if (score := _score(row.get("score"))) is not None}
    if any("pred" in row for row in judged.values()):
        right = [float(mark[1].casefold() == "yes") for mark in marks.values()]
        old.right["accuracy"] = mean_of(right, _families(marks))
        _unscored(old, "verdicts are neither yes nor no", len(judged) - len(marks), len(judged))
    old.right["average_score"] = mean_of(list(scores.values()), _families(scores))
    _unscored(old, "scores are no numbers from 0 to 5", len(judged) - len(scores), len(judged))
    return old


def _unscored(old: Old, what: str, count: int, total: int) -> None:
    if count:
        invalid = "; more than 1 %: the right numbers are not valid" if count > 0.01 * total else ""
        old.notes.append(f"{count} of {total} {what}: left out{invalid}")


def _families(names: Iterable[str]) -> list[str]:
    """Videos of results that are called `VIDEO_N`."""
    return [name.rpartition("_")[0] or name for name in names]


def _score(value: Any) -> float | None:
    try:
        score = float(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else -1.0
    except (ValueError, OverflowError):
        return None
    return score if 0.0 <= score <= 5.0 else None


def _judged(path: Path) -> dict[str, Mapping[str, Any]]:
    rows = {file.stem: read_json(file) for file in json_files(path)} if path.is_dir() else read_json(path)
    if not isinstance(rows, dict) or not rows:
        raise ValueError(f"{path}: no judged answers; it is a folder of VIDEO_N.json, or their combined file")
    for name, row in rows.items():
        if not (isinstance(row, list) and row and isinstance(row[0], dict)):
            raise ValueError(f"{path}, {name!r:.60}: a judged answer is [{{pred, score}}, {{question, answers}}]")
    return {name: row[0] for name, row in rows.items()}


def json_files(folder: Path) -> list[Path]:
    """The JSON files of a folder, by name.

    Raises:
        ValueError: there are none.
    """
    found = sorted(path for path in folder.iterdir() if path.suffix == ".json" and path.is_file())
    if not found:
        raise ValueError(f"the folder {folder} holds no .json files")
    return found


def read_moviellm(paths: Sequence[Path]) -> Old:
    """What MovieLLM's judge said, a file a movie; or the answers alone, in `ours`, `baseline` and `ground_truth`.

    Raises:
        ValueError: a file is not what it should be.
    """
    if len(paths) == 1 and all((paths[0] / name).is_dir() for name in ANSWERED):
        return _answers(paths[0])
    files = [file for path in paths for file in (json_files(path) if path.is_dir() else [path])]
    movies = {str(file): read_json(file) for file in files}
    old = Old()
    rows: dict[str, list[tuple[str, float | None, float, float]]] = {part: [] for part in PARTS}
    for name, movie in movies.items():
        for part in PARTS:
            rows[part] += [(name, *_verdict(one, f"{name}, {part}_qa")) for one in _listed(movie, part, name)]
    try:
        told = moviellm_legacy(list(movies.values()))
        old.legacy = {f"{part} {name}": value for part, row in told.items() for name, value in row.items()}
    except ValueError as error:
        old.notes.append(f"the script stops here: {error}")
    for part, found in rows.items():
        won = [(name, mark) for name, mark, _, _ in found if mark is not None]
        old.right[f"{part} ratio"] = mean_of([mark for _, mark in won], [name for name, _ in won])
        for label, at in (("ours", 2), ("other", 3)):
            old.right[f"{part} {label}"] = mean_of([float(row[at] or 0) for row in found], [row[0] for row in found])
        _unscored(old, f"verdicts of {part} name no answer, or both", len(found) - len(won), len(found))
    every = [row for found in rows.values() for row in found if row[1] is not None]
    against = sum((row[2] - row[3]) * (row[1] - 0.5) < 0 for row in every if row[1] is not None)
    if against:
        old.notes.append(f"{against} of {len(every)} verdicts are against the judge's own two scores")
    old.notes.append("the first answer was always ours: what the order is worth to the judge cannot be had back")
    return old


def _listed(movie: Any, part: str, name: str) -> list[Any]:
    told = movie.get("QA_res") if isinstance(movie, dict) else None
    rows = told.get(f"{part}_qa") if isinstance(told, dict) else None
    if not isinstance(rows, list):
        raise ValueError(f"{name}: no QA_res.{part}_qa; it is what eval_movie_qa.py writes")
    return rows


def _verdict(row: Any, where: str) -> tuple[float | None, float, float]:
    """1 where ours is named, 0 where the other is, None where neither or both; and both scores."""
    scores = row.get("score") if isinstance(row, dict) else None
    two = [_score(scores.get(key)) for key in ("first one", "second one")] if isinstance(scores, dict) else [None]
    if any(score is None for score in two):
        raise ValueError(f"{where}: a judgement has a verdict and two scores from 0 to 5, got {row!r:.80}")
    named = {found.casefold() for found in _WHICH.findall(str(row.get("better one", "")))}
    mark = None if len(named) != 1 else float(named == {"first"})
    return mark, float(two[0] or 0), float(two[1] or 0)


def _answers(folder: Path) -> Old:
    """Answers without verdicts: how many words they share with the reference, which is no judgement."""
    old = Old(notes=[f"{folder} holds answers and no verdicts: token F1 with the reference stands for none of them"])
    values: dict[str, list[tuple[str, float, float]]] = {part: [] for part in PARTS}
    for file in json_files(folder / ANSWERED[0]):
        told = [_qa(folder / name / file.name) for name in ANSWERED]
        for part in PARTS:
            columns = [_texts(one, part, file.name) for one in told]
            if len({len(column) for column in columns}) > 1:
                raise ValueError(f"{file.name}: {part}_qa has unlike numbers of answers in {', '.join(ANSWERED)}")
            for gold, ours, other in zip(*columns, strict=True):
                values[part].append((file.stem, token_f1(gold, ours), token_f1(gold, other)))
    for part, rows in values.items():
        movies = [row[0] for row in rows]
        old.right[f"{part} ours token_f1"] = mean_of([row[1] for row in rows], movies)
        old.right[f"{part} other token_f1"] = mean_of([row[2] for row in rows], movies)
        old.right[f"{part} difference"] = mean_of([row[1] - row[2] for row in rows], movies)
    return old


def _qa(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        raise ValueError(f"no file {path}; every movie has one in {', '.join(ANSWERED)}")
    told = read_json(path)
    found = told.get("QA") if isinstance(told, dict) else None
    if not isinstance(found, dict):
        raise ValueError(f"{path}: no QA; it is what run_llamavid_movie_answer.py writes")
    return found


def _texts(told: Mapping[str, Any], part: str, name: str) -> list[str]:
    rows = told.get(f"{part}_qa", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) and "Answer" in row for row in rows):
        raise ValueError(f"{name}: {part}_qa is a list of {{Question, Answer}}")
    return [str(row["Answer"]) for row in rows]
