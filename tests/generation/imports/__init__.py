"""Tests of moviellm.generation.imports."""
