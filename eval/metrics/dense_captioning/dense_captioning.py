"""The `evaluate` module `dense_captioning`: what happens in a film, and when, held against the true events.

    evaluate.load("eval/metrics/dense_captioning").compute(predictions=[events], references=[true_events])

A thin shell around `moviellm.eval.core`. It reads no films and asks no model.
"""

from typing import Any

import datasets
import evaluate

from moviellm.eval.core.dense import dense_caption_scores

DESCRIPTION = """
Dense captioning: events with times and captions, film by film. Precision, recall, F1 and CIDEr by temporal IoU (0.3,
0.5, 0.7, 0.9) as the ActivityNet Captions challenge computes them, and SODA_c, which matches events in the order of
time. A film without predictions counts 0 in every score. METEOR 1.5 is its own Java program or nothing: `meteor` is
None, with a reason, unless it is asked for and there.
"""
CITATION = """
@inproceedings{krishna2017dense,
  title     = {Dense-Captioning Events in Videos},
  author    = {Krishna, Ranjay and Hata, Kenji and Ren, Frederic and Fei-Fei, Li and Niebles, Juan Carlos},
  booktitle = {ICCV},
  year      = {2017}
}
@inproceedings{fujita2020soda,
  title     = {{SODA}: Story Oriented Dense Video Captioning Evaluation Framework},
  author    = {Fujita, Soichiro and Hirao, Tsutomu and Kamigaito, Hidetaka and Okumura, Manabu and Nagata, Masaaki},
  booktitle = {ECCV},
  year      = {2020}
}
@inproceedings{vedantam2015cider,
  title     = {{CIDEr}: Consensus-based Image Description Evaluation},
  author    = {Vedantam, Ramakrishna and Zitnick, C. Lawrence and Parikh, Devi},
  booktitle = {CVPR},
  year      = {2015}
}
"""
INPUTS = """
Args:
    predictions: One list of events a film, in any order: `{"span": [start_s, end_s], "caption": text}`.
    references: The true events of each film.
    similarity: What SODA compares captions with: None for ROUGE-L, or "meteor", the published choice.
    densevid: True compares an IoU with the thresholds as the challenge's script does: above them, not at them.
    with_meteor: True computes `meteor`, which needs Java and the jar of pycocoevalcap.

Returns:
    `precision@t`, `recall@t`, `f1@t` for t in 0.3, 0.5, 0.7, 0.9 and `soda_c` from 0 to 1, `cider` from 0 to 10,
    `meteor` with `meteor_reason`, `soda_similarity`, and the number of films `n`.

Examples:
    >>> import evaluate
    >>> metric = evaluate.load("eval/metrics/dense_captioning")
    >>> truth = [{"span": [0, 4], "caption": "a man runs"}, {"span": [4, 9], "caption": "he falls into the river"}]
    >>> scores = metric.compute(predictions=[truth[:1]], references=[truth])
    >>> scores["precision@0.5"], scores["recall@0.5"], round(scores["soda_c"], 3)
    (1.0, 0.5, 0.667)
"""
EVENTS = [{"span": datasets.Sequence(datasets.Value("float64")), "caption": datasets.Value("string")}]
"""A list of events: `Sequence` of a dict would be a dict of lists."""


class DenseCaptioning(evaluate.Metric):
    """Events against events."""

    def _info(self) -> Any:
        return evaluate.MetricInfo(
            description=DESCRIPTION,
            citation=CITATION,
            inputs_description=INPUTS,
            features=datasets.Features({"predictions": EVENTS, "references": EVENTS}),
            reference_urls=["https://arxiv.org/abs/1705.00754", "https://github.com/fujiso/SODA"],
        )

    def _compute(
        self,
        predictions: list[Any],
        references: list[Any],
        similarity: Any = None,
        densevid: bool = False,
        with_meteor: bool = False,
    ) -> dict[str, Any]:
        told, true = (
            {str(at): events or [] for at, events in enumerate(films)} for films in (predictions, references)
        )
        scores = dense_caption_scores(told, true, similarity, densevid=densevid, with_meteor=with_meteor)
        return {**scores, "n": len(true)}
