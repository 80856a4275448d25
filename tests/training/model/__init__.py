"""Tests of MovieLLM's own model."""
