"""Tests of moviellm.training.ask.chat."""
