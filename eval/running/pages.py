"""Results for people: the table of a terminal, and results.md.

    text_of(results), page_of(results)

It computes nothing: results.json holds every number.
"""

from collections.abc import Container, Mapping, Sequence
from typing import Any


def table_of(results: Mapping[str, Any]) -> list[tuple[str, str, str, str, str, str]]:
    """Rows of the table: task, number, value, interval, n, note."""
    rows = []
    for name, task in results["tasks"].items():
        if not task["counts"]["items"]:
            rows.append((name, task["headline"], "none", "", "0", "the dataset asks nothing of it"))
            continue
        order = sorted(task["metrics"], key=lambda metric: metric != task["headline"])
        for metric in order:
            number = task["metrics"][metric]
            chance = task.get("chance", {}).get(metric)
            note = "" if chance is None else f"chance {chance:.3f}"
            rows.append((name, metric, *shown(number), str(number["n"]), note))
    return rows


def shown(number: Mapping[str, Any]) -> tuple[str, str]:
    """Value and interval in words."""
    value = "none" if number["value"] is None else f"{number['value']:.3f}"
    ends = "" if number["low"] is None else f"[{number['low']:.3f}, {number['high']:.3f}]"
    return value, ends


def text_of(results: Mapping[str, Any]) -> str:
    """The numbers for a terminal, with those of the controls under them."""
    rows = table_of(results)
    lines = _aligned(rows, right=(2, 4)) if rows else []
    controls = controls_table(results)
    if controls:
        lines += ["", *_aligned(controls, right=range(2, 99))]
    return "\n".join([*lines, *notes_of(results)])


def _aligned(rows: Sequence[Sequence[str]], right: Container[int]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def controls_table(results: Mapping[str, Any], *, intervals: bool = False) -> list[tuple[str, ...]]:
    """A head, and a row a task: its first number, of the model and of each control, and the visual gain."""
    controls = results.get("controls") or {}
    if not controls:
        return []
    gains = any(task.get("visual_gain") for task in results["tasks"].values())
    rows = [("task", "number", "model", *controls, *(("visual gain", "detectable") if gains else ()))]
    for name, task in results["tasks"].items():
        if not task["counts"]["items"]:
            continue
        metric = task["headline"]
        numbers = [task["metrics"][metric], *(told["tasks"][name]["metrics"][metric] for told in controls.values())]
        cells = [" ".join(part for part in shown(number) if part) if intervals else shown(number)[0]
                 for number in numbers]  # fmt: skip
        rows.append((name, metric, *cells, *(_gain(task.get("visual_gain")) if gains else ())))
    return rows


def _gain(gain: Mapping[str, Any] | None) -> tuple[str, str]:
    """The visual gain with its interval, and the least one that so many questions would show."""
    if gain is None or gain["value"] is None:
        return "none", ""
    ends = "" if gain["low"] is None else f" [{gain['low']:+.3f}, {gain['high']:+.3f}]"
    least = "" if gain["detectable"] is None else f"{gain['detectable']:.3f}"
    return f"{gain['value']:+.3f}{ends} over {gain['best_blind']}", least


def notes_of(results: Mapping[str, Any]) -> list[str]:
    """What a reader of the numbers must know."""
    notes = []
    if results["data"].get("withheld"):
        notes.append("the answers of this split are withheld: there are predictions and no numbers")
    if results["frames"] is not None and results["frames"]["control"] != "none":
        notes.append(
            f"control: {results['frames']['control']}; these are not the numbers of a model that sees the film"
        )
    reference = results["parameters"].get("reference")
    if reference is not None:
        notes.append(f"guessed from the answers of {reference}")
    reference = results.get("guessed_from")
    if reference is not None:
        notes.append(f"random and majority are guessed from the answers of {reference}")
    notes += [f"no control {name}: {reason}" for name, reason in (results.get("controls_left_out") or {}).items()]
    for name, task in results["tasks"].items():
        counts = task["counts"]
        notes += [f"{name}: no METEOR: {task['meteor_reason']}"] if "meteor_reason" in task else []
        notes += [
            f"{name}: {counts[kind]} of {counts['items']} {kind}, counted as wrong"
            for kind in ("unanswered", "unparsed")
            if counts[kind]
        ]
        gain = task.get("visual_gain")
        if gain and gain["low"] is not None and gain["low"] <= 0:
            notes.append(f"{name}: no better than {gain['best_blind']}, as far as so many questions can tell")
    return notes


def page_of(results: Mapping[str, Any]) -> str:
    """results.md."""
    model, data = results["model"], results["data"]
    lines = [
        f"# {model['id']} on {data['dataset']}",
        "",
        f"Model: `{model['id']}` ({model['kind']}), revision `{model['revision']}`.",
        f"Data: `{data['dataset']}`, revision `{data['revision']}`, split `{data['split']}`.",
    ]
    frames = results["frames"]
    if frames is not None:
        said = ", ".join(f"{name} {value}" for name, value in frames["policy"].items() if value is not None)
        lines.append(f"Frames: {said or 'all'}; control: {frames['control']}.")
    lines += [
        "Intervals: 95 %, BCa, resampling movies.",
        "",
        "| task | number | value | 95 % | n | |",
        "|---|---|---:|---|---:|---|",
        *(f"| {' | '.join(row)} |" for row in table_of(results)),
    ]
    controls = controls_table(results, intervals=True)
    if controls:
        head, *rows = controls
        marks = ["---", "---", *["---:"] * (len(head) - 2)]
        lines += ["", "## Controls", "", *(f"| {' | '.join(row)} |" for row in (head, marks, *rows)), ""]
        lines.append(
            "Visual gain: the model less the best control that sees nothing, question by question. Detectable: the "
            "least gain that so many questions would show four times in five."
        )
    for title, part in (("By type", "by_type"), ("By level", "by_level")):
        rows = [
            (name, which, task["headline"], *shown(numbers[task["headline"]]), str(numbers[task["headline"]]["n"]))
            for name, task in results["tasks"].items()
            for which, numbers in task[part].items()
            if task["headline"] in numbers
        ]
        lines += ["", f"## {title}", "", "| task | | number | value | 95 % | n |", "|---|---|---|---:|---|---:|"]
        lines += [f"| {' | '.join(row)} |" for row in rows]
    notes = notes_of(results)
    return "\n".join([*lines, "", *(f"- {note}" for note in notes)]).rstrip() + "\n"
