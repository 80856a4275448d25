"""A trained model is asked about a movie: `moviellm ask` on the command line, `moviellm chat` in a browser."""
