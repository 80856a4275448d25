"""Tests of `moviellm eval`."""
