"""Tests of moviellm.training."""
