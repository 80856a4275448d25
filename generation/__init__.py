"""A theme becomes movies: the data model, the cell engine, the stages and the offline studio.

Installed as `moviellm.generation`; run through the `moviellm` command. It does not train or score anything.
"""
