"""Tests of cards/: what people see before they load."""
