"""The `evaluate` module `temporal_grounding`: a span of a film for each query, held against the true one.

    evaluate.load("eval/metrics/temporal_grounding").compute(predictions=[[3, 7]], references=[[3, 8]])

A thin shell around `moviellm.eval.core`. It reads no films and asks no model.
"""

from typing import Any

import datasets
import evaluate

from moviellm.eval.core.grounding import grounding_scores
from moviellm.eval.core.spans import extract_span

DESCRIPTION = """
Temporal grounding: where in a film does it happen? R@1 at a temporal IoU of 0.3, 0.5 and 0.7, and the mean IoU, as the
papers of Charades-STA and ActivityNet Captions state them: an IoU equal to the threshold counts, nothing is rounded,
and a query without a predicted span scores 0. A time that is not a finite number is an error.
"""
CITATION = """
@inproceedings{gao2017tall,
  title     = {{TALL}: Temporal Activity Localization via Language Query},
  author    = {Gao, Jiyang and Sun, Chen and Yang, Zhenheng and Nevatia, Ram},
  booktitle = {ICCV},
  year      = {2017}
}
@inproceedings{krishna2017dense,
  title     = {Dense-Captioning Events in Videos},
  author    = {Krishna, Ranjay and Hata, Kenji and Ren, Frederic and Fei-Fei, Li and Niebles, Juan Carlos},
  booktitle = {ICCV},
  year      = {2017}
}
"""
INPUTS = """
Args:
    predictions: One a query: `[start_s, end_s]`, or `[]` where the model named none. Or all of them texts, the answers
        of a model as they are, in which the first span counts: seconds, m:ss or h:mm:ss.
    references: The true span of each query, `[start_s, end_s]`.

Returns:
    `miou`, `r1@0.3`, `r1@0.5`, `r1@0.7` from 0 to 1, the number of queries `n`, and `without_span`, how many of the
    predictions name no span.

Examples:
    >>> import evaluate
    >>> metric = evaluate.load("eval/metrics/temporal_grounding")
    >>> scores = metric.compute(predictions=[[3, 7], [10, 20], []], references=[[3, 7], [15, 20], [0, 4]])
    >>> scores["miou"], scores["n"], scores["without_span"]
    (0.5, 3, 1)
    >>> metric.compute(predictions=["From 0:03 to 0:07."], references=[[3, 7]])["r1@0.7"]
    1.0
"""
SPAN = datasets.Sequence(datasets.Value("float64"))


class TemporalGrounding(evaluate.Metric):
    """Spans against spans."""

    def _info(self) -> Any:
        return evaluate.MetricInfo(
            description=DESCRIPTION,
            citation=CITATION,
            inputs_description=INPUTS,
            # Texts first: a list is no text, while a text that is a number would pass as one.
            features=[
                datasets.Features({"predictions": datasets.Value("string"), "references": SPAN}),
                datasets.Features({"predictions": SPAN, "references": SPAN}),
            ],
            reference_urls=["https://arxiv.org/abs/1705.02101", "https://arxiv.org/abs/1705.00754"],
        )

    def _compute(self, predictions: list[Any], references: list[Any]) -> dict[str, Any]:
        spans = [extract_span(said) if isinstance(said, str) else said or None for said in predictions]
        named = {str(at): span for at, span in enumerate(spans) if span is not None}
        scores = grounding_scores(named, {str(at): span for at, span in enumerate(references)})
        return {**scores, "without_span": len(spans) - len(named)}
