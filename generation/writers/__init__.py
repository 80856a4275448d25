"""Writers that ask a language model: for whole stories (llm), or for plots that the story world checks (world)."""
