"""`moviellm chat`: a movie and a conversation about it in a browser; times in answers are links into the movie."""
