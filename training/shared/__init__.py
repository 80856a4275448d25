"""One movie, all its questions: the movie is read once, and every question on it is trained or answered from there."""
