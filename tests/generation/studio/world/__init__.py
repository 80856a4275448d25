"""Tests of moviellm.generation.studio.world."""
