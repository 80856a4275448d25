"""Tests of moviellm.generation.painters."""
