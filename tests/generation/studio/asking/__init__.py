"""Tests of moviellm.generation.studio.asking."""
