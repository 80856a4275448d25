"""Tests of what lmms-eval is given."""
