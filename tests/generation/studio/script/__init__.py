"""Tests of moviellm.generation.studio.script."""
