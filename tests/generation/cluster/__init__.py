"""Tests of moviellm.generation.cluster."""
