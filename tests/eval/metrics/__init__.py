"""Tests of the scores as `evaluate` modules."""
