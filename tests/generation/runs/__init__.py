"""Tests of moviellm.generation.runs."""
