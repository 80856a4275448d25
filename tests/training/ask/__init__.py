"""Tests of moviellm.training.ask."""
