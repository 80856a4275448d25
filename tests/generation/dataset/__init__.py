"""Tests of moviellm.generation.dataset."""
