"""The pages of scale.py, from its results: every number is taken from there.

text = page(json.loads(Path("results/scale.json").read_text()), Path("results"), long=True)
"""

from itertools import groupby
from pathlib import Path
from typing import Any

from scale_costs import costs

AIM_S, AIM_MIB = 60, 2048
MILLION = 1_000_000
SAID = {
    "plan": "`plan_run`: what a run would make, from nothing",
    "lease": "`lock_shard` of every shard, held and given back",
    "commit": "tables, manifest and settled line of all shards but the last three",
    "lay": "the same files laid down: one shard committed, the others' tables of stages linked to its",
    "resume": "`make_run` after a kill, to the first cell that is asked for and an orderly end",
    "finish": "the last three shards committed",
    "again": "`make_run` once more: nothing to do",
    "status": "`run_status`",
    "index": "`RunReader`, every movie's split, the dataset's manifest",
    "push_plan": "limits checked, commits planned for an empty, a half and a full repository",
    "duplicates": "`PlotIndex` over as many synopses",
}


def page(results: dict[str, Any], folder: Path, *, long: bool) -> str:
    """The text; `long` with what it means, for docs/."""
    parts = [_opening(results, long), *_walks(results["steps"])]
    if long:
        parts += [_aim(results["steps"]), _limits(results["steps"]), _settled()]
    parts += [_duplicates(results["steps"]), _costs(folder)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _opening(results: dict[str, Any], long: bool) -> str:
    machine = results["machine"]
    where = f"{machine['cores']} cores ({machine['cpu']}), Python {machine['python']}, {machine['date']}"
    lead = (
        "# A million movies\n\nWhat a run of a million movies asks of everything but the makers: 40 keyframes each, "
        "40 million pictures, shards of 512 MB. The steps are the product's own, walked over a run folder without "
        "pictures; the makers' part is computed below from measured rates."
        if long
        else "# Scale"
    )
    note = "Seconds are those of a machine that others used too; `cpu` is the step's own."
    return (
        f"{lead}\n\nMeasured by `python benchmarks/scale.py` on {where}. {note} Page rendered from results/scale.json."
    )


def _walks(steps: list[dict[str, Any]]) -> list[str]:
    parts = []
    for (movies, full), rows in groupby(steps, key=lambda row: (row["movies"], row["full"])):
        walked = [row for row in rows if row["step"] != "duplicates"]
        if not walked:
            continue
        cells = "the cells of all keyframes" if full else "one cell a stage and shard"
        head = f"## {movies:,} movies, {walked[0]['shards']:,} shards, {cells}"
        lines = ["| step | what | s | cpu s | peak MiB | files after |", "|---|---|--:|--:|--:|--:|"]
        for row in walked:
            numbers = f"{row['s']:,} | {row['cpu_s']:,} | {row['peak_mib']:,} | {row['files']:,}"
            lines.append(f"| {row['step']} | {SAID[row['step']]} | {numbers} |")
        parts.append(head + "\n\n" + "\n".join(lines))
    return parts


def _largest(steps: list[dict[str, Any]], name: str) -> dict[str, Any] | None:
    found = [row for row in steps if row["step"] == name and not row["full"]]
    return max(found, key=lambda row: row["movies"], default=None)


def _aim(steps: list[dict[str, Any]]) -> str:
    lines = []
    for name in ("resume", "again"):
        row = _largest(steps, name)
        if row is not None:
            held = row["s"] < AIM_S and row["peak_mib"] < AIM_MIB
            said = "within" if held else "not within"
            lines.append(f"- {name}, {row['movies']:,} movies: {row['s']} s, {row['peak_mib']:,} MiB: {said}.")
    largest = max((row["movies"] for row in steps if row["step"] == "again"), default=0)
    if largest < MILLION:
        lines.append(f"- The aim is about a million movies, and so far {largest:,} were walked: it is not shown yet.")
    return f"## The aim: under {AIM_S} s and {AIM_MIB // 1024} GB\n\n" + "\n".join(lines)


def _limits(steps: list[dict[str, Any]]) -> str:
    row = _largest(steps, "push_plan")
    if row is None:
        return ""
    table = [
        "| what | planned | limit |",
        "|---|--:|--:|",
        f"| files of the repository | {row['repo_files']:,} | {row['repo_files_limit']:,} |",
        f"| entries of its largest folder | {row['folder_entries']:,} | {row['folder_entries_limit']:,} |",
        f"| files of a commit | {row['commit_files']:,} | {row['commit_limit']:,} |",
    ]
    left = row["commits_when_half_is_there"], row["commits_when_all_is_there"]
    rest = (
        f"{row['commits']:,} commits for {row['bytes'] / 1e12:.2f} TB; "
        f"{left[0]:,} when half is there, {left[1]:,} when all is."
    )
    return f"## The Hub's limits, for {row['movies']:,} movies\n\n" + "\n".join(table) + f"\n\n{rest}"


def _settled() -> str:
    return (
        "## Why the second run is fast\n\n"
        "A run that looks at everything renders every request again and hashes every byte of every table. "
        "`settled.jsonl` in the run folder says of each finished shard with which recipe, code and prompts it was "
        "made, and the size and time of change of its files. Where all of that still holds, `moviellm make` leaves "
        "the shard alone; an edit, a touched file, a journal or another recipe and it looks. Deleting the file makes "
        "it look at everything. Bytes that rot without a write are found by `moviellm check`. With `painter: "
        "diffusers`, a scorer, an own grammar folder or gates that are set, models outside the recipe decide keys, "
        "and every shard is looked at."
    )


def _duplicates(steps: list[dict[str, Any]]) -> str:
    rows = [row for row in steps if row["step"] == "duplicates"]
    if not rows:
        return ""
    lines = ["| synopses | adding s | pairs s | peak MiB | pairs |", "|--:|--:|--:|--:|--:|"]
    for row in rows:
        numbers = (f"{row['movies']:,}", row["add_s"], row["pairs_s"], f"{row['peak_mib']:,}", f"{row['pairs']:,}")
        lines.append("| " + " | ".join(str(value) for value in numbers) + " |")
    largest = max(rows, key=lambda row: row["movies"])
    more = ""
    if largest["movies"] < MILLION:
        hours = largest["cpu_s"] * MILLION / largest["movies"] / 3600
        more = f"\n\nBy the processor time of the largest, a million takes {hours:.1f} core hours (computed)."
    return "## Near-duplicates\n\n" + "\n".join(lines) + more


def _costs(folder: Path) -> str:
    lines = ["| what | a million movies | from |", "|---|--:|---|"]
    lines += [f"| {cost.what} | {cost.amount} | {cost.source} |" for cost in costs(folder, MILLION)]
    return "## Makers, computed\n\n" + "\n".join(lines)
