"""The door for older data and real films: readers of other formats, each told of as ordinary movies. See importing.py."""
