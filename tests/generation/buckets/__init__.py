"""Runs in buckets."""
