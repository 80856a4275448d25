"""Tests of moviellm.generation.pictures."""
