"""Tests of moviellm.eval.core."""
