"""Tests of training/proof."""
