"""The command line: verbs and options, nothing of what they do. See app.py."""
