"""Style immobilisation: a look becomes a new word of the model (MovieLLM, arXiv 2403.01422, section 3.2)."""
