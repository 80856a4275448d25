"""The scores of `moviellm.eval.core` as `evaluate` modules, one a folder, and how they become Spaces."""
