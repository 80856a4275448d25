"""What a training reads: datasets of movies, replayed pictures and clips, mixtures of them, and examples of tokens."""
