"""The arithmetic of evaluation: pure functions on plain numbers, with numpy only.

    from moviellm.eval.core import cluster_bootstrap

It reads no files and runs no models.
"""

from moviellm.eval.core.resampling import Interval, bootstrap, cluster_bootstrap

__all__ = ["Interval", "bootstrap", "cluster_bootstrap"]
