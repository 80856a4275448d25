"""The door for older data and real films: readers of other formats. None is here yet."""
