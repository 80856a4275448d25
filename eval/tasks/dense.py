"""The scores of dense captioning, one video at a time, and their means with intervals by movie.

    dense_scores(predicted, [gold])                 # {"precision@0.3": ..., "recall@0.3": ...}
    means_of_dense([scores, ...], families)         # f1@t of the mean precision and recall, the others means

Events are `{"span": [start_s, end_s], "caption": text}`. CIDEr and SODA_c (by ROUGE-L) are counted within a video, so
that the number of a split is the mean over its videos. Of several lists of right events, told by several people,
precision and recall take the one that fits best, each by itself, and CIDEr the pairs with all, as the ActivityNet
Captions challenge does; SODA_c takes the one that fits best, as its authors' program does. METEOR takes a program of
its own: its scores are those of eval/running/meteors.py, where a run has them. It reads no texts: see events.py.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from moviellm.eval.core import dense_caption_scores
from moviellm.eval.tasks.means import Number, f1_of, mean_of

TIOUS: Final = (0.3, 0.5, 0.7, 0.9)
MEANS: Final = ("soda_c", "cider", *(f"precision@{t}" for t in TIOUS), *(f"recall@{t}" for t in TIOUS))
METEOR: Final = "meteor"
"""Of runs that were asked for it."""
DENSE_METRICS: Final = (*MEANS, *(f"f1@{t}" for t in TIOUS))
Events = Sequence[Mapping[str, Any]]


def dense_scores(predicted: Events, golds: Sequence[Events]) -> dict[str, float]:
    """The scores of one video, held against one list of right events or several."""
    single = [_scores(predicted, gold) for gold in golds]
    if len(golds) == 1:
        return single[0]
    together = _scores(predicted, [event for gold in golds for event in gold])
    return {name: together[name] if name == "cider" else max(one[name] for one in single) for name in MEANS}


def _scores(predicted: Events, gold: Events) -> dict[str, float]:
    found = dense_caption_scores({"video": list(predicted)}, {"video": list(gold)}, with_meteor=False)
    return {name: float(found[name] or 0.0) for name in MEANS}


def means_of_dense(
    scores: Sequence[Mapping[str, float]], families: Sequence[str], resamples: int
) -> dict[str, Number]:
    """The numbers of a split."""
    names = (*MEANS, METEOR) if scores and all(METEOR in one for one in scores) else MEANS
    found = {name: mean_of([one[name] for one in scores], families, resamples) for name in names}
    for tiou in TIOUS:
        pairs = [(one[f"precision@{tiou}"], one[f"recall@{tiou}"]) for one in scores]
        found[f"f1@{tiou}"] = f1_of(pairs, families, resamples)
    return found
