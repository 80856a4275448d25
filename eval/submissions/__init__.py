"""What submitters send: made from a run, checked against an index, sent as a request, scored in a cell.

    moviellm submit make results/mine --index INDEX.json --out mine.zip
    moviellm submit check mine.zip --index INDEX.json
    moviellm submit send mine.zip --to ORG/requests

The format, with its limits and codes, is that of docs/submitting.md. Nothing of a bundle is unpacked by name, run,
unpickled or believed; it is read as streams by modules that know nothing of the network.
"""
