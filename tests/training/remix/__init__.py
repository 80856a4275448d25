"""Tests of training/remix."""
