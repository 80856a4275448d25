"""Tests of moviellm.eval."""
