"""Tests of training rows."""
