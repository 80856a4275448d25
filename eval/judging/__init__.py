"""Judges: answers in words held against a reference, by language models, with what they said kept for anyone to
read.
"""
