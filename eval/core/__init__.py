"""The arithmetic of evaluation: pure functions on plain lists and dicts, each stating where it comes from.

    from moviellm.eval.core import grounding_scores, cluster_bootstrap

Scores are fractions from 0 to 1 (CIDEr-D to 10), never percentages; what is undefined is None; bad input is a
ValueError. It reads no data, runs no models, and imports nothing of ours. Some functions call scipy, statsmodels,
scikit-learn or krippendorff (extra `eval`), when they are called; docs/metrics.md says which.
"""

from moviellm.eval.core.choices import extract_choice
from moviellm.eval.core.grounding import grounding_scores, temporal_iou
from moviellm.eval.core.groups import group_score, twin_score
from moviellm.eval.core.intervals import clustered_se, wilson
from moviellm.eval.core.resampling import Interval, bootstrap, cluster_bootstrap
from moviellm.eval.core.spans import extract_span

__all__ = [
    "Interval",
    "bootstrap",
    "cluster_bootstrap",
    "clustered_se",
    "extract_choice",
    "extract_span",
    "group_score",
    "grounding_scores",
    "temporal_iou",
    "twin_score",
    "wilson",
]
