"""Tests of moviellm.generation.studio."""
