"""Writer `world`: a language model proposes the plot, the story world of the studio disposes."""
