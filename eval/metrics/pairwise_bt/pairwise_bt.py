"""The `evaluate` module `pairwise_bt`: ratings of models from verdicts on pairs of their answers.

    evaluate.load("eval/metrics/pairwise_bt").compute(model_a=[..], model_b=[..], verdict=["a", "tie"], anchor="base")

A thin shell around `moviellm.eval.core`. It asks no judge: verdicts are what one has said already.
"""

from typing import Any

import datasets
import evaluate

from moviellm.eval.core.pairwise import bradley_terry, combine_orders, win_rates

DESCRIPTION = """
Which model answers better, many times over. Bradley-Terry ratings on the Elo scale, the anchor at 1000, a tie as half
a win, unregularised; they exist only where wins lead from every model to every other, else they are not estimable and
say why. Beside them win rates. Of a pair judged in both orders only a win in both is a win.
"""
CITATION = """
@article{bradley1952rank,
  title   = {Rank Analysis of Incomplete Block Designs: {I}. The Method of Paired Comparisons},
  author  = {Bradley, Ralph Allan and Terry, Milton E.},
  journal = {Biometrika},
  volume  = {39},
  year    = {1952}
}
@article{ford1957solution,
  title   = {Solution of a Ranking Problem from Binary Comparisons},
  author  = {Ford, Jr., L. R.},
  journal = {The American Mathematical Monthly},
  volume  = {64},
  year    = {1957}
}
"""
INPUTS = """
Args:
    model_a: The name of one model, one a pair.
    model_b: The name of the other.
    verdict: "a", "b", "tie", or "unjudged".
    anchor: The model whose rating is 1000.
    swapped: The verdict on each pair with the answers in the other order, "a" still meaning `model_a`. Without, each
        verdict is final.

Returns:
    `ratings` of every model, None where they are not `estimable`, with a `reason`; `win_rates` of every model; the
    number of judged pairs `n`, and of `unjudged` ones; with `swapped`, `disagreement`, the share of judged pairs whose
    two orders differ.

Examples:
    >>> import evaluate
    >>> metric = evaluate.load("eval/metrics/pairwise_bt")
    >>> pairs = {"model_a": ["ours", "ours", "base"], "model_b": ["base", "base", "ours"]}
    >>> scores = metric.compute(**pairs, verdict=["a", "a", "a"], anchor="base")
    >>> scores["estimable"], round(scores["ratings"]["ours"]), round(scores["win_rates"]["ours"], 3)
    (True, 1120, 0.667)
    >>> metric.compute(**pairs, verdict=["a", "a", "b"], anchor="base")["estimable"]
    False
"""
TEXT = datasets.Value("string")
UNJUDGED = "unjudged"


class PairwiseBt(evaluate.Metric):
    """Verdicts as ratings."""

    def _info(self) -> Any:
        return evaluate.MetricInfo(
            description=DESCRIPTION,
            citation=CITATION,
            inputs_description=INPUTS,
            features=datasets.Features({"model_a": TEXT, "model_b": TEXT, "verdict": TEXT}),
            reference_urls=["https://doi.org/10.2307/2334029", "https://arxiv.org/abs/2306.05685"],
        )

    def _compute(
        self,
        model_a: list[str],
        model_b: list[str],
        verdict: list[Any],
        anchor: str = "",
        swapped: list[Any] | None = None,
    ) -> dict[str, Any]:
        if not anchor:
            raise ValueError("anchor is missing; give the name of the model whose rating is 1000")
        first = [None if said == UNJUDGED else said for said in verdict]
        second = first if swapped is None else [None if said == UNJUDGED else said for said in swapped]
        if len(second) != len(first):
            raise ValueError(f"got {len(first)} verdicts and {len(second)} swapped ones; every pair has both")
        final = [combine_orders(one, other) for one, other in zip(first, second, strict=True)]
        games = [(one, other, won) for one, other, won in zip(model_a, model_b, final, strict=True) if won is not None]
        rates = {name: row["win_rate"] for name, row in win_rates(games).items()}
        scores = {**bradley_terry(games, anchor), "win_rates": rates, "n": len(games)}
        scores["unjudged"] = len(final) - len(games)
        if swapped is not None:
            differ = sum(None not in pair and pair[0] != pair[1] for pair in zip(first, second, strict=True))
            scores["disagreement"] = differ / len(games) if games else None
        return scores
