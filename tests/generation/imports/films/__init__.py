"""Tests of the import of films."""
