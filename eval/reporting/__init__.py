"""Runs of an evaluation as a report that people read: a page, a text, plots, tables. See reporting.py."""
