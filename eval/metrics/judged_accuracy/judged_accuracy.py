"""The `evaluate` module `judged_accuracy`: a judge's verdicts as a score that names its judge.

    evaluate.load("eval/metrics/judged_accuracy").compute(predictions=[1, 0, 1], judge="some-model-2026-03/rubric-3")

A thin shell around `moviellm.eval.core`. It asks no judge: verdicts are what one has said already.
"""

import re
from typing import Any

import datasets
import evaluate

from moviellm.eval.core.correction import ppi_mean, rogan_gladen
from moviellm.eval.core.inputs import number_of
from moviellm.eval.core.resampling import cluster_bootstrap

DESCRIPTION = """
The share of answers that a judge calls right, under a name that says which judge, by which rubric. A verdict that is
missing, because the judge refused or could not be read, is unscored: never 0, never left out in silence. With more
than 1 % unscored there is no score. With verdicts of people on some of the items, the score is also corrected for what
the judge gets wrong: by prediction-powered inference, and by the judge's sensitivity and specificity.
"""
CITATION = """
@article{rogan1978estimating,
  title   = {Estimating prevalence from the results of a screening test},
  author  = {Rogan, Walter J. and Gladen, Beth},
  journal = {American Journal of Epidemiology},
  year    = {1978}
}
@misc{angelopoulos2023ppi,
  title  = {{PPI++}: Efficient Prediction-Powered Inference},
  author = {Angelopoulos, Anastasios N. and Duchi, John C. and Zrnic, Tijana},
  year   = {2023},
  eprint = {2311.01453},
  archivePrefix = {arXiv}
}
"""
INPUTS = """
Args:
    predictions: The judge's verdict on each answer, from 0 to 1; None where it gave none.
    judge: Which judge, by which rubric: MODEL/RUBRIC, the model as exactly as it can be named.
    clusters: What each answer belongs to, such as its movie: the interval resamples these; else single answers.
    human: What people say of each answer, from 0 to 1; None where nobody was asked.
    level: Of the intervals.

Returns:
    `judged_accuracy@JUDGE` with `low` and `high`; None, with a `reason`, when more than 1 % are unscored. The number
    of verdicts `n`, and `unscored`. With `human`: `ppi`, `ppi_low`, `ppi_high`, and for verdicts of 0 and 1
    `rogan_gladen`, `sensitivity`, `specificity`.

Examples:
    >>> import evaluate
    >>> metric = evaluate.load("eval/metrics/judged_accuracy")
    >>> scores = metric.compute(predictions=[1, 0, 1, 1], judge="gpt-5.4-mini-2026-03/rubric-3")
    >>> scores["judged_accuracy@gpt-5.4-mini-2026-03/rubric-3"], scores["n"], scores["unscored"]
    (0.75, 4, 0)
    >>> metric.compute(predictions=[1, None, 1, 1], judge="gpt-5.4-mini-2026-03/rubric-3")["reason"]
    '1 of 4 unscored (25.0 %); more than 1 % leaves no score'
"""
UNSCORED_MAX = 0.01
JUDGE = re.compile(r"\S*[^\s/]/[^\s/]+")


class JudgedAccuracy(evaluate.Metric):
    """Verdicts as a score."""

    def _info(self) -> Any:
        return evaluate.MetricInfo(
            description=DESCRIPTION,
            citation=CITATION,
            inputs_description=INPUTS,
            features=datasets.Features({"predictions": datasets.Value("float64")}),
            reference_urls=["https://arxiv.org/abs/2306.05685", "https://arxiv.org/abs/2311.01453"],
        )

    def _compute(
        self,
        predictions: list[Any],
        judge: str = "",
        clusters: list[Any] | None = None,
        human: list[Any] | None = None,
        level: float = 0.95,
    ) -> dict[str, Any]:
        if not isinstance(judge, str) or not JUDGE.fullmatch(judge):
            raise ValueError(f"judge is {judge!r:.60}; it is MODEL/RUBRIC, e.g. gpt-5.4-mini-2026-03/rubric-3")
        for name, values in (("clusters", clusters), ("human", human)):
            if values is not None and len(values) != len(predictions):
                raise ValueError(f"got {len(predictions)} verdicts and {len(values)} {name}; they belong together")
        verdicts = [None if value is None else _share(value, f"verdict {at}") for at, value in enumerate(predictions)]
        unscored = verdicts.count(None)
        reason = _reason(unscored, len(verdicts))
        groups = clusters if clusters is not None else range(len(verdicts))
        pairs = zip(verdicts, groups, strict=True)
        kept = [] if reason else [(value, group) for value, group in pairs if value is not None]
        found = cluster_bootstrap([value for value, _ in kept], [group for _, group in kept], level)
        scores = {
            f"judged_accuracy@{judge}": found["estimate"],
            "low": found["low"],
            "high": found["high"],
            "n": len(verdicts),
            "unscored": unscored,
            "reason": reason,
        }
        return scores if human is None else scores | _corrected(verdicts, human, level, bool(kept))


def _share(value: Any, what: str) -> float:
    """A verdict from 0 to 1."""
    number = number_of(value, what)
    if not 0.0 <= number <= 1.0:
        raise ValueError(f"{what} is {number}; a verdict lies between 0 and 1, and is None where there is none")
    return number


def _reason(unscored: int, n: int) -> str | None:
    """Why there is no score."""
    if not n:
        return "no verdicts"
    if unscored > UNSCORED_MAX * n:
        return f"{unscored} of {n} unscored ({100 * unscored / n:.1f} %); more than 1 % leaves no score"
    return None


def _corrected(verdicts: list[Any], human: list[Any], level: float, valid: bool) -> dict[str, float | None]:
    """What people would say, from the answers on which both they and the judge have spoken."""
    people = [None if value is None else _share(value, f"human {at}") for at, value in enumerate(human)]
    pairs = [(person, verdict) for person, verdict in zip(people, verdicts, strict=True) if verdict is not None]
    both = [(person, verdict) for person, verdict in pairs if person is not None] if valid else []
    rest = [verdict for person, verdict in pairs if person is None] if valid else []
    given, mine = [person for person, _ in both], [verdict for _, verdict in both]
    powered = ppi_mean(given, mine, rest, level)
    scores = {"ppi": powered["estimate"], "ppi_low": powered["low"], "ppi_high": powered["high"]}
    if not set(given) | set(mine) | set(rest) <= {0.0, 1.0}:
        return scores
    marked = rogan_gladen(*([int(value) for value in values] for values in (given, mine, rest)))
    names = ("sensitivity", "specificity")
    return scores | {"rogan_gladen": marked["estimate"]} | {name: marked[name] for name in names}
