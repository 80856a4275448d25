"""A row as every_eval_ever has it (schema 0.3.0): evaluations of any framework in one form.

    record = interchange(entry, address)
    file_name(entry)                    # data/BENCH/ORG/MODEL/UUID.json, as its datastore lays files out

One result a number, judged ones with their judge. The same row gives the same record: nothing in it is of the clock.
Scores of single items are not in it, for its form of them needs what is right.
"""

import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime
from importlib.metadata import version
from typing import Any, Final

SCHEMA_VERSION: Final = "0.3.0"
FILE: Final = "every_eval_ever.json"
ENDS: Final[Mapping[str, tuple[float | str, float | str]]] = {
    "cider": (0.0, 10.0),
    "judged_score": (0.0, 5.0),
    "bradley_terry": ("-Infinity", "Infinity"),
}
"""Between which values a number lies, where that is not 0 to 1."""
AVAILABLE: Final = {"open-weights": "open_weights", "api": "closed_weights"}
_NAMESPACE: Final = uuid.UUID("6b0dbd0a-1d8d-4f0e-9b8a-3d1b3d0e9f10")


def interchange(entry: Mapping[str, Any], address: str | None) -> dict[str, Any]:
    """The record of a row.

    Args:
        address: Page of the row's folder; None for one on this machine.
    """
    model = entry["model"]
    scored = str(int(datetime.fromisoformat(entry["scored_at"]).timestamp()))
    details = {"track": entry["track"], "submitter": entry["submitter"], "sha256": entry["sha256"]}
    source = {
        "source_name": f"Leaderboard of {entry['benchmark']}",
        "source_type": "evaluation_run",
        "source_organization_name": entry["benchmark"].partition("/")[0],
        "evaluator_relationship": "third_party",
        "additional_details": _texts({**details, "seen_test_inputs": entry["seen_test_inputs"]}),
    }
    return {
        "schema_version": SCHEMA_VERSION,
        "evaluation_id": _evaluation_id(entry),
        "evaluation_timestamp": scored,
        "retrieved_timestamp": scored,
        "source_metadata": source | ({"source_organization_url": address} if address else {}),
        "eval_library": {"name": "moviellm", "version": version("moviellm")},
        "model_info": {
            "name": entry["display_name"],
            "id": model["id"],
            "developer": model["id"].partition("/")[0],
            "additional_details": {
                "deployment_type": "externally_managed" if entry["track"] == "api" else "unknown",
                "model_availability": AVAILABLE.get(entry["track"], "unknown"),
                **_texts({name: model.get(name) for name in ("revision", "parameters_b", "base_model")}),
            },
        },
        "evaluation_results": [*_results(entry)],
    }


def file_name(entry: Mapping[str, Any]) -> str:
    """Where the datastore of every_eval_ever keeps a record."""
    developer, _, model = entry["model"]["id"].partition("/")
    benchmark = entry["benchmark"].rpartition("/")[2]
    name = uuid.uuid5(_NAMESPACE, f"{entry['benchmark']} {entry['benchmark_revision']} {entry['sha256']}")
    return f"data/{benchmark}/{developer}/{model}/{uuid.UUID(int=name.int, version=4)}.json"


def _evaluation_id(entry: Mapping[str, Any]) -> str:
    return f"{entry['benchmark']}@{entry['benchmark_revision'][:12]}/{entry['model']['id']}/{entry['sha256']}"


def _results(entry: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name, task in entry["tasks"].items():
        for metric, number in task["metrics"].items():
            yield from _result(entry, name, metric, number, {})
    for judged, tasks in entry["judged"].items():
        for name, task in tasks.items():
            for metric, number in task["metrics"].items():
                yield from _result(entry, name, metric, number, {"judgement": judged})


def _result(
    entry: Mapping[str, Any], task: str, metric: str, number: Mapping[str, Any], more: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Nothing where there is no number."""
    if number["value"] is None:
        return
    kind = metric.partition("@")[0].partition("[")[0]  # without judge, rubric and opponent
    low, high = ENDS.get(kind, (0.0, 1.0))
    details = {"task": task, **more, "benchmark_revision": entry["benchmark_revision"]}
    found: dict[str, Any] = {
        "evaluation_result_id": "/".join([_evaluation_id(entry), task, *more.values(), metric]),
        "evaluation_name": f"{entry['benchmark']}/{task}",
        "source_data": {
            "dataset_name": entry["benchmark"].rpartition("/")[2],
            "source_type": "hf_dataset",
            "hf_repo": entry["benchmark"],
            "hf_split": entry["split"],
            "samples_number": number["n"],
        },
        "metric_config": {
            "metric_id": f"moviellm/{task}/{'/'.join([*more.values(), metric])}",
            "metric_name": metric,
            "metric_kind": kind,
            "lower_is_better": False,
            "score_type": "continuous",
            "min_score": low,
            "max_score": high,
            "additional_details": _texts(details),
        },
        "score_details": {"score": number["value"], "uncertainty": _uncertainty(number)},
    }
    yield found


def _uncertainty(number: Mapping[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"num_samples": number["n"]}
    if number["low"] is not None:
        ends = {"lower": number["low"], "upper": number["high"], "confidence_level": 0.95}
        told["confidence_interval"] = {**ends, "method": "bootstrap"}
    return told


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    """Further facts, which are texts there."""
    return {name: str(value) for name, value in values.items() if value is not None}
