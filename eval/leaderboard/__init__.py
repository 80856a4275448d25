"""A leaderboard over two places, requests and results, each a dataset on the Hub or a folder.

    moviellm leaderboard score --requests ORG/requests --results ORG/results --labels private

The worker (worker.py) claims what was sent, scores it, and writes results and a status. The Space (app.py) shows them.
They meet in files only.
"""
