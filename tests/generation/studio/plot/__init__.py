"""Tests of moviellm.generation.studio.plot."""
