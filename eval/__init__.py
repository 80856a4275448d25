"""A checkpoint becomes scores. Nothing is here yet."""
