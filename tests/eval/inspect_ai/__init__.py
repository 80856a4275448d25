"""Tests of the Inspect tasks."""
