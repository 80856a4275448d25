"""The numbers of a row in the form in which the Hub shows them with a model: `.eval_results/NAME.yaml`.

    entries = hub_entries(entry, source="https://huggingface.co/datasets/ORG/results/tree/main/results/SHA")
    yaml_of(entries, "moviellm-bench")                  # bytes; ValueError where the Hub would not show it
    propose(entry, entries, "moviellm-bench")           # the address of a pull request on the model's repository

One value a task: its first number, in percent, under the id that the benchmark's eval.yaml gives it. Dates are
quoted texts. What is no finite number is refused, not written. The one door to the Hub is cards/publish.py.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from moviellm.cards.publish import How, check_results, publish_results
from moviellm.eval.bench.eval_yaml import HEADLINES

if TYPE_CHECKING:
    from huggingface_hub import EvalResultEntry

FOLDER: Final = "eval_results"
SOURCE_NAME: Final = "Leaderboard"
DIGITS: Final = 4
"""Of a percentage; results hold six digits of the number itself."""


def name_of(entry: Mapping[str, Any]) -> str:
    """Name of the file: the benchmark's, and what sets the model's row apart from others of it."""
    return f"{entry['benchmark'].rpartition('/')[2]}-{entry['sha256'][:12]}"


def hub_entries(entry: Mapping[str, Any], source: str | None) -> list["EvalResultEntry"]:
    """A result a task that has a number.

    Args:
        source: Address of where the numbers are from.
    """
    from huggingface_hub import EvalResultEntry

    named = {"source_url": source, "source_name": SOURCE_NAME} if source else {}
    found = []
    for name, task in entry["tasks"].items():
        value = task["metrics"][task["headline"]]["value"]
        if value is None:
            continue
        found.append(
            EvalResultEntry(
                dataset_id=entry["benchmark"],
                task_id=HEADLINES[name],
                value=round(100.0 * value, DIGITS),
                dataset_revision=entry["benchmark_revision"],
                date=str(entry["scored_at"])[:10],
                notes=notes_of(entry),
                **named,
            )
        )
    return found


def notes_of(entry: Mapping[str, Any]) -> str:
    """How the model was run, in a line."""
    inputs = entry["inputs"]
    seen = "" if inputs.get("fps") is None else f"{inputs['fps']:g} frames a second"
    seen = seen if inputs.get("frames") is None else f"{inputs['frames']} frames"
    heard = {"none": "no subtitles", "provided": "with subtitles", "asr": "with recognised speech"}
    said = [seen, heard.get(inputs.get("subtitles"), ""), "with sound" if inputs.get("audio") else ""]
    return ", ".join([*filter(None, said), "percent"])


def yaml_of(entries: Sequence["EvalResultEntry"], name: str) -> bytes:
    """The file, as a model's repository holds it.

    Raises:
        ValueError: one has no finite number, two are of one task, or there is none.
    """
    import yaml
    from huggingface_hub import eval_result_entries_to_yaml

    check_results(entries, name)
    rows = eval_result_entries_to_yaml([*entries])
    return yaml.safe_dump(rows, sort_keys=False, allow_unicode=True, width=1_000).encode()


def propose(entry: Mapping[str, Any], entries: Sequence["EvalResultEntry"], name: str) -> str:
    """Open a pull request with the results on the model's repository; one that is open already is gone on with.

    Raises:
        ValueError: there is no such model, or the Hub refuses.
        OSError: the Hub cannot be reached.
    """
    message = f"Results on {entry['benchmark']} ({entry['sha256'][:12]})"
    done = publish_results(entry["model"]["id"], entries, name=name, how=How(create_pr=True, message=message))
    return done.url
