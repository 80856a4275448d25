"""Tests of moviellm.generation.film."""
