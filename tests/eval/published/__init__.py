"""Tests of eval/published/."""
