"""Tests of the tasks as data and of their arithmetic."""
