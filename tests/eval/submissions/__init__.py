"""Tests of eval/submissions/."""
