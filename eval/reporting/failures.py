"""Answers that are wrong, drawn by a seed for every task and question type, as a reader looks at them.

    found = sample_failures(runs, albums, each=2, seed=0)
    found[0].question, found[0].tries, found[0].frames

A question stands once, with what every run said to it. What a valid judge counts as right is no failure, whatever the
plain rules say. It draws nothing and reads no picture.
"""

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from moviellm.eval.reporting.album import Album, Film, Line, Span
from moviellm.eval.reporting.names import metric_title
from moviellm.eval.reporting.runs import Answer, Run, Verdict
from moviellm.eval.tasks.scoring import UNKNOWN
from moviellm.eval.tasks.table import task_table

LOW: Final = 0.5
"""A captioning answer whose first score is below counts as a failure."""
SHOWN_FRAMES: Final = 4
"""Keyframes of the evidence, and of what was predicted, that stand with a failure."""
NEAR_S: Final = 1.0
"""Lines that are said so close to the evidence or the prediction are told."""


@dataclass(frozen=True, kw_only=True)
class Try:
    """What one run said."""

    run: int
    """Place of the run."""
    said: str
    verdict: str
    """`right` or `wrong`, for events `fair` or `low`; or why there is nothing to score."""
    good: bool
    score: str
    """The number behind it, in words; empty where the verdict says all."""
    spans: tuple[Span, ...]
    """Where it puts the moment or the events."""
    judged: tuple[Verdict, ...]


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A keyframe beside a failure."""

    keyframe_id: str
    start_s: float
    caption: str
    role: str
    """`evidence`, `predicted`, or empty: for orientation."""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A question that at least one run got wrong."""

    item_id: str
    tasks: tuple[str, ...]
    question_type: str
    level: str
    movie: str
    film: Film | None
    duration_s: float
    question: str
    options: tuple[str, ...]
    gold: str
    evidence: tuple[Span, ...]
    tries: tuple[Try, ...]
    frames: tuple[Picture, ...]
    lines: tuple[Line, ...]
    """What is said about the evidence and where a run looked."""
    rank: int
    """0 for the first of its task and type; pictures go to low ranks first."""

    @property
    def wrong_in(self) -> list[int]:
        """Places of the runs that got it wrong."""
        return [one.run for one in self.tries if not one.good]


def is_wrong(run: Run, row: Answer) -> bool:
    """Whether an answer is a failure."""
    scores = row["scores"]
    value = scores["right"] if "right" in scores else next(iter(_first(scores)), 0.0)
    if value >= (1.0 if "right" in scores else LOW):
        return False
    return not any(verdict.right for verdict in _point_verdicts(run, row["id"]))


def _point_verdicts(run: Run, item_id: str) -> list[Verdict]:
    """What valid judges of single answers said."""
    able = [judged for judged in run.judgements if judged.facts.get("valid", True)]
    found = [judged.verdicts.get(item_id) for judged in able if judged.facts.get("kind") != "pairwise"]
    return [verdict for verdict in found if verdict is not None]


def _first(scores: Mapping[str, float]) -> Iterable[float]:
    return (scores[name] for name in ("soda_c", *scores) if name in scores)


def sample_failures(
    runs: Sequence[Run], albums: Mapping[int, Album], *, each: int, seed: int
) -> tuple[list[Failure], int]:
    """Failures by task and type, and how many wrong answers there are in all.

    Args:
        albums: By place of the run; a run without has no pictures.
        each: So many of every run, task and type at most.
    """
    ranks: dict[str, int] = {}
    total = 0
    for run in runs:
        wrong = [row for row in run.answers.values() if is_wrong(run, row)]
        total += len(wrong)
        wrong.sort(key=lambda row: hashlib.sha256(f"{seed} {row['id']}".encode()).digest())
        taken: dict[tuple[str, str], int] = {}
        for row in wrong:
            for task in _tasks_of(run, row):
                cell = (task, row["type"] or UNKNOWN)
                place = taken.get(cell, 0)
                taken[cell] = place + 1
                if place < each:
                    ranks[row["id"]] = min(place, ranks.get(row["id"], place))
    found = [_failure(name, rank, runs, albums) for name, rank in ranks.items()]
    order = list(task_table())
    found.sort(key=lambda one: (order.index(one.tasks[0]) if one.tasks else 99, one.question_type, one.item_id))
    return found, total


def _tasks_of(run: Run, row: Answer) -> list[str]:
    """Tasks of the run that count a question by itself."""
    table = task_table()
    return [
        name
        for name in table
        if name in run.tasks
        and table[name].groups is None
        and table[name].takes(row["format"], row["type"], row["level"])
    ]


def _failure(item_id: str, rank: int, runs: Sequence[Run], albums: Mapping[int, Album]) -> Failure:
    holders = [place for place, run in enumerate(runs) if item_id in run.answers]
    first = holders[0]
    row = runs[first].answers[item_id]
    album = albums.get(first)
    film = None if album is None else album.movies.get(row["movie"])
    evidence = tuple((float(s), float(e)) for s, e in row.get("evidence") or row["gold"].get("spans") or ())
    tries = tuple(_try(place, runs[place], runs[place].answers[item_id]) for place in holders)
    predicted = [span for one in tries if not one.good for span in one.spans]
    told = _told(film, [*evidence, *predicted]) if film else ()
    cited = album.shown.get(item_id, ()) if album and row["format"] != "temporal_grounding" else ()
    looked = predicted if row["format"] == "temporal_grounding" else []
    frames = _frames(film, cited, evidence, looked) if film else ()
    ends = [end for _, end in (*evidence, *predicted)]
    return Failure(
        item_id=item_id,
        tasks=tuple(_tasks_of(runs[first], row)),
        question_type=row["type"] or UNKNOWN,
        level=row["level"],
        movie=row["movie"],
        film=film,
        duration_s=float(row.get("duration_s") or (film.duration_s if film else 0.0) or max(ends, default=1.0)),
        question=row.get("question") or "",
        options=tuple(row.get("options") or ()),
        gold=_gold(row),
        evidence=evidence,
        tries=tries,
        frames=frames,
        lines=told,
        rank=rank,
    )


def _gold(row: Answer) -> str:
    gold = row["gold"]
    if "choice" in gold:
        return _choice(gold["choice"], row)
    if "spans" in gold:
        return " or ".join(f"{start:.1f} to {end:.1f} s" for start, end in gold["spans"])
    if "events" in gold:
        return "\n".join(_event(event) for event in gold["events"])
    return str(gold.get("answer", ""))


def _choice(letter: str | None, row: Answer) -> str:
    options = row.get("options") or ()
    if letter is None:
        return ""
    place = ord(letter[0]) - ord("A") if len(letter) == 1 else len(options)
    return f"{letter}. {options[place]}" if 0 <= place < len(options) else letter


def _event(event: Mapping[str, Any]) -> str:
    start, end = event["span"]
    return f"{start:.1f} to {end:.1f} s: {event['caption']}"


def _try(place: int, run: Run, row: Answer) -> Try:
    wrong = is_wrong(run, row)
    prediction, scores = row["prediction"], row["scores"]
    said = row.get("answer")
    if prediction.get("events"):
        said = "\n".join(_event(event) for event in prediction["events"])
    elif said is None:
        said = _choice(prediction.get("choice"), row) or str(prediction.get("answer") or "")
    spans = [prediction["span"]] if prediction.get("span") else [e["span"] for e in prediction.get("events") or ()]
    verdict = ("wrong" if wrong else "right") if "right" in scores else ("low" if wrong else "fair")
    if not wrong and scores.get("right", 1.0) < 1.0:
        verdict = "right, says a judge"
    if row.get("unanswered"):
        verdict = f"not answered: {row['unanswered']}"
    elif row.get("unparsed"):
        verdict = f"not read: {row['unparsed']}"
    shown = next((name for name in ("miou", "soda_c", "token_f1") if name in scores), None)
    name = {"miou": "IoU", "token_f1": "F1"}.get(shown or "", metric_title(shown or ""))
    return Try(
        run=place,
        said=str(said),
        verdict=verdict,
        good=not wrong,
        score="" if shown is None else f"{name} {_cut(scores[shown])}",
        spans=tuple((float(start), float(end)) for start, end in spans),
        judged=tuple(run.verdicts(row["id"])),
    )


def _cut(value: float) -> str:
    """Three digits, never rounded up: 0.4996 is not 0.5, from which a span would be right."""
    return f"{math.floor(value * 1000 + 1e-9) / 1000:.3f}"


def _told(film: Film, spans: Sequence[Span]) -> tuple[Line, ...]:
    near = (line for line in film.lines if any(_meet(line.span, (s - NEAR_S, e + NEAR_S)) for s, e in spans))
    return tuple(near)


def _frames(
    film: Film, shown: Sequence[str], evidence: Sequence[Span], predicted: Sequence[Span]
) -> tuple[Picture, ...]:
    """Keyframes of the evidence and of where a run looked, by time; without either, some of the movie."""
    cited = [frame for frame in film.frames if frame.keyframe_id in set(shown)]
    right = _some(cited or [frame for frame in film.frames if any(_meet(frame.span, span) for span in evidence)])
    names = {frame.keyframe_id for frame in right}
    looked = [frame for frame in film.frames if any(_meet(frame.span, span) for span in predicted)]
    wrong = _some([frame for frame in looked if frame.keyframe_id not in names])
    chosen = [(frame, "evidence") for frame in right] + [(frame, "predicted") for frame in wrong]
    if not chosen:
        chosen = [(frame, "") for frame in _some(film.frames)]
    chosen.sort(key=lambda pair: pair[0].span)
    return tuple(
        Picture(keyframe_id=frame.keyframe_id, start_s=frame.span[0], caption=frame.caption, role=role)
        for frame, role in chosen
    )


def _some(frames: Sequence[Any]) -> list[Any]:
    """At most `SHOWN_FRAMES`, evenly spread."""
    if len(frames) <= SHOWN_FRAMES:
        return list(frames)
    return [frames[round(step * (len(frames) - 1) / (SHOWN_FRAMES - 1))] for step in range(SHOWN_FRAMES)]


def _meet(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]
