"""Tests of moviellm.generation."""
