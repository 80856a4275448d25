"""Annotation files of published benchmarks as data for `moviellm eval run`, and old result files read again.

    data = open_published("msvd-qa:MSVD-QA/test_qa.json", Path("YouTubeClips"))

It downloads nothing: annotations and films are the user's. docs/published.md says where they are.
"""
