"""Tests of cards/hub/."""
