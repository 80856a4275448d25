"""`python -m moviellm.generation.cli`: the command `moviellm`, for a checkout that is not installed."""

from moviellm.generation.cli.app import main

main()
