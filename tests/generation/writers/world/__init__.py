"""Tests of moviellm.generation.writers.world."""
