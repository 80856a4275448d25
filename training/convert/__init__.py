"""Checkpoints in and out: the originals' become ours, and ours become ones of classes that transformers ships."""
