"""Tests of moviellm.generation.llm."""
