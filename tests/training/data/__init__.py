"""Tests of what a training reads."""
