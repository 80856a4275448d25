"""Tests of moviellm.generation.gating."""
