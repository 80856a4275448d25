"""A checkpoint becomes scores; so far, the pictures of a dataset are measured."""
