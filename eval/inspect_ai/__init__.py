"""The words of our benchmark in Inspect: what a language model answers without pictures. See tasks.py.

pip install inspect-ai moviellm
inspect eval moviellm/moviellm_mc -T data=org/name --model openai/NAME
"""
