"""Tests of moviellm.generation.studio.drawing."""
