"""The arithmetic of published scripts, faults included, to re-read old tables.

For new numbers use the functions without `legacy` or `compat` in their names.

    vtimellm_compat("From 12 to 30.", (0.1, 0.3))                # 0.9
    vcgbench_legacy([{"pred": "unknown", "score": 4.8}])          # {"no": 1, "average_score": 4.0, ...}

VTimeLLM (`eval.py`): the first two two-digit numbers around "to" or "and" as hundredths of the video, the IoU rounded
to two decimals, so that 0.295 passes a threshold of 0.3. MovieLLM (`calculate.py`): wins and scores over 100, 200 and
100 questions, however many there are, a win wherever the verdict holds "first". Video-ChatGPT (the scripts of its
benchmark): scores cut to whole numbers, "no" found in "unknown" and "cannot".
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from moviellm.eval.core.inputs import number_of, span_of

FRAMES: Final = re.compile(r"(\d{2}) (?:to|and) (\d{2})")
TOTALS: Final = {"overview": 100, "plot": 200, "temporal": 100}
ASKED: Final = {"overview": 1, "plot": 2, "temporal": 1}
"""Questions read of each movie."""


def vtimellm_compat(answer: str, gold: Sequence[float]) -> float:
    """The IoU that VTimeLLM's script gives an answer, rounded to two decimals.

    Args:
        answer: The model's text, in hundredths of the video.
        gold: Start and end as fractions of the video.

    Raises:
        ValueError: no text, or a span that is not two finite numbers.
    """
    if not isinstance(answer, str):
        raise ValueError(f"the answer is {answer!r:.60}; it is text")
    start, end = span_of(gold, "the truth")
    found = FRAMES.search(answer)
    if not found:
        return 0.0
    first, last = float(found[1]) / 100, float(found[2]) / 100
    hull = max(last, end) - min(first, start)
    # The script divides by zero where both spans are the same moment.
    return round(max(0.0, min(last, end) - max(first, start)) / hull, 2) if hull else 0.0


def moviellm_legacy(movies: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """The table of MovieLLM's `calculate.py`.

    Args:
        movies: A judged movie each: `QA_res` with `overview_qa`, `plot_qa`, `temporal_qa`, lists of
            {"better one": text, "score": {"first one": .., "second one": ..}}.

    Returns:
        Of `overview`, `plot` and `temporal`: `ratio` of verdicts for the first, mean scores `ours` and `other`.

    Raises:
        ValueError: a movie without what the script reads.
    """
    found = {kind: {"ratio": 0.0, "ours": 0.0, "other": 0.0} for kind in TOTALS}
    for at, movie in enumerate(movies):
        for kind, asked in ASKED.items():
            for number in range(asked):
                verdict, ours, other = _judged(movie, kind, number, at)
                found[kind]["ratio"] += "first" in verdict.lower()
                found[kind]["ours"] += ours
                found[kind]["other"] += other
    return {kind: {name: value / TOTALS[kind] for name, value in row.items()} for kind, row in found.items()}


def _judged(movie: Mapping[str, Any], kind: str, number: int, at: int) -> tuple[str, float, float]:
    where = f"movie {at}, {kind}_qa {number}"
    try:
        judged = movie["QA_res"][f"{kind}_qa"][number]
        verdict, scores = judged["better one"], judged["score"]
        ours, other = scores["first one"], scores["second one"]
    except (KeyError, IndexError, TypeError) as error:
        raise ValueError(f"{where} lacks {error}; it is what eval_movie_qa.py writes") from error
    if not isinstance(verdict, str):
        raise ValueError(f"the verdict of {where} is {verdict!r:.60}; it is text")
    return verdict, number_of(ours, f"the first score of {where}"), number_of(other, f"the second score of {where}")


def vcgbench_legacy(items: Sequence[Mapping[str, Any]]) -> dict[str, float | int | None]:
    """The summary of Video-ChatGPT's scripts.

    Args:
        items: `pred`, a text in which "yes" counts before "no", and `score`; the five aspects have no `pred`.

    Returns:
        `yes`, `no`, `accuracy` (yes among both) and `average_score` (of all, cut to whole numbers); None where the
        scripts divide by zero.

    Raises:
        ValueError: a verdict that is no text, or a score that is no number.
    """
    yes = no = total = 0
    for at, item in enumerate(items):
        verdict = item.get("pred", "")
        if not isinstance(verdict, str):
            raise ValueError(f"the verdict of item {at} is {verdict!r:.60}; it is text")
        if "yes" in verdict.lower():
            yes += 1
        elif "no" in verdict.lower():
            no += 1
        total += _cut(item.get("score"), at)
    return {
        "yes": yes,
        "no": no,
        "accuracy": yes / (yes + no) if yes + no else None,
        "average_score": total / len(items) if items else None,
    }


def _cut(score: Any, at: int) -> int:
    """A score as the scripts read it: numbers are cut, texts must be whole numbers."""
    if isinstance(score, str):
        try:
            return int(score)
        except ValueError as error:
            raise ValueError(f"the score of item {at} is {score!r:.60}; it is a number") from error
    return int(number_of(score, f"the score of item {at}"))
