"""Tests of checkpoints: adapters, records, cards, pushes."""
