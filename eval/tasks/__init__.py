"""What a model is asked about a dataset's movies, and what its answers are worth: tasks as data, and their arithmetic.

    from moviellm.eval.tasks.table import tasks_of
    from moviellm.eval.tasks.items import read_items

It runs no model: see eval/running/.
"""
