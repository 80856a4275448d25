"""Tests of moviellm.generation.writers."""
