"""Tests of shared movies: one reading, all questions."""
