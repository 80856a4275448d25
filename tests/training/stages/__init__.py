"""Tests of stages of training."""
