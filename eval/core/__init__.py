"""The arithmetic of evaluation: pure functions on plain lists and dicts, each stating where it comes from.

    from moviellm.eval.core import grounding_scores, cluster_bootstrap

Scores are fractions from 0 to 1 (CIDEr-D to 10), never percentages; what is undefined is None; bad input is a
ValueError. It reads no data, runs no models, and imports nothing else of ours. Some functions call scipy, statsmodels,
scikit-learn or krippendorff (extra `eval`), when they are called; docs/metrics.md says which.
"""

from moviellm.eval.core.agreement import cohen_kappa, gwet_ac1, krippendorff_alpha
from moviellm.eval.core.captions import bleu, cider_d, rouge_l
from moviellm.eval.core.choices import extract_choice
from moviellm.eval.core.correction import ppi_mean, rogan_gladen
from moviellm.eval.core.dense import dense_caption_scores
from moviellm.eval.core.grounding import grounding_scores, temporal_iou
from moviellm.eval.core.groups import group_score, twin_score
from moviellm.eval.core.intervals import clustered_se, wilson
from moviellm.eval.core.java_meteor import meteor
from moviellm.eval.core.legacy import moviellm_legacy, vcgbench_legacy, vtimellm_compat
from moviellm.eval.core.matching import soda
from moviellm.eval.core.pairwise import bradley_terry, combine_orders, length_controlled_win_rate, win_rates
from moviellm.eval.core.resampling import Interval, bootstrap, cluster_bootstrap
from moviellm.eval.core.significance import holm, mcnemar_exact
from moviellm.eval.core.spans import extract_span
from moviellm.eval.core.tokens import ptb_tokenize

__all__ = [
    "Interval",
    "bleu",
    "bootstrap",
    "bradley_terry",
    "cider_d",
    "cluster_bootstrap",
    "clustered_se",
    "cohen_kappa",
    "combine_orders",
    "dense_caption_scores",
    "extract_choice",
    "extract_span",
    "grounding_scores",
    "group_score",
    "gwet_ac1",
    "holm",
    "krippendorff_alpha",
    "length_controlled_win_rate",
    "mcnemar_exact",
    "meteor",
    "moviellm_legacy",
    "ppi_mean",
    "ptb_tokenize",
    "rogan_gladen",
    "rouge_l",
    "soda",
    "temporal_iou",
    "twin_score",
    "vcgbench_legacy",
    "vtimellm_compat",
    "wilson",
    "win_rates",
]
