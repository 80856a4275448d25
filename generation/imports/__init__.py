"""The door for older data and real films: readers of other formats, which become ordinary movies. See importing.py."""
