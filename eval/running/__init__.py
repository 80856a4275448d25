"""A model is asked a dataset's questions, and what it said becomes results: `moviellm eval run` and `eval compare`.

What is asked and what it is worth is in eval/tasks/.
"""
