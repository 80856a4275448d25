"""Tests of `moviellm run`."""
