"""Tests mirror the folders; see CONTRIBUTING.md for how to run them."""
