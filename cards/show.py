"""Print what is in a dataset folder, as plain `datasets.load_dataset` reads it.

    facts = show("demo/MovieLLM-tiny")
    print(facts["text"])

Uses nothing of ours to read: what this prints, any researcher gets. It checks nothing.
"""

import json
from pathlib import Path
from typing import Any


def show(folder: str) -> dict[str, Any]:
    """Load every config and split.

    Returns:
        `rows`: config -> split -> number of rows; `text`: the same for people, with one movie and one question.

    Raises:
        ValueError: there is no dataset folder there.
    """
    from datasets import get_dataset_config_names, load_dataset, utils

    manifest = Path(folder) / "manifest.json"
    if not manifest.is_file():
        raise ValueError(f"{folder} is no dataset folder (no manifest.json); build one: moviellm dataset build RUN")
    utils.logging.disable_progress_bar()
    facts = json.loads(manifest.read_text(encoding="utf-8"))
    configs = {config: load_dataset(folder, config) for config in get_dataset_config_names(folder)}
    rows = {config: {split: len(data) for split, data in splits.items()} for config, splits in configs.items()}
    splits = list(rows["movies"])
    lines = [f"{folder}, version {facts['version']}", f"  {'':<10}" + "".join(f"{split:>12}" for split in splits)]
    lines += [
        f"  {config:<10}" + "".join(f"{count:>12}" for count in counts.values()) for config, counts in rows.items()
    ]
    movie = configs["movies"][splits[-1]][0]
    lines += ["", f"  {movie['title']} ({movie['genre']}, {movie['duration_s']:.0f} s)", f"  {movie['logline']}"]
    questions = configs["qa"].get(splits[-1])
    if questions is not None and len(questions):
        telling = (question for question in questions if question["question_type"] in {"visual", "cause"})
        question = next(telling, questions[0])
        lines += [f"  Q: {question['question']}", f"  A: {question['answer']}"]
    lines += ["", f'  from datasets import load_dataset\n  load_dataset("{folder}", "qa", split="{splits[-1]}")']
    return {"dataset": folder, "version": facts["version"], "rows": rows, "text": "\n".join(lines)}
