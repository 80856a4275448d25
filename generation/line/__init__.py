"""The whole line, `moviellm run`: which verbs follow which. See running.py."""
