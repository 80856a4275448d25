"""Print what is in a dataset folder, as plain `datasets.load_dataset` reads it.

    facts = show("demo/MovieLLM-tiny")
    print(facts["text"])

Rows are read with nothing of ours: what this prints, any researcher gets. They are read anew, past the cache of
`datasets`, which would show a damaged file as it was. It checks nothing: see dataset/check.py.
"""

import tempfile
from pathlib import Path
from typing import Any

from moviellm.generation.dataset.features import CONFIGS
from moviellm.generation.dataset.folder import read_manifest


def show(folder: str) -> dict[str, Any]:
    """Load every config and split.

    Returns:
        `rows`: config -> split -> number of rows; `text`: the same for people, with one movie and one question.

    Raises:
        ValueError: there is no dataset folder there, or it is damaged.
        OSError: the temporary folder is full or cannot be written.
    """
    manifest = read_manifest(Path(folder))
    with tempfile.TemporaryDirectory(prefix="moviellm-") as cache:
        configs = _load(folder, [config for config in CONFIGS if config in manifest.configs], cache)
        return _describe(folder, manifest.version, configs)


def _load(folder: str, configs: list[str], cache: str) -> dict[str, Any]:
    from datasets import load_dataset, utils

    utils.logging.disable_progress_bar()
    utils.logging.set_verbosity(utils.logging.CRITICAL)  # what goes wrong is said once, below
    place = str(Path(folder).resolve())  # `datasets` takes a leading ~ for a home directory
    try:
        return {config: load_dataset(place, config, cache_dir=cache) for config in configs}
    except Exception as error:  # whatever load_dataset stumbles over
        cause = error.__cause__ or error
        if isinstance(cause, OSError) and cause.errno is not None:  # the system's, as a full disk
            raise OSError(cause.errno, cause.strerror, cause.filename or cache) from error
        reason = str(cause).split("\n")[0]
        raise ValueError(
            f"{folder} cannot be loaded ({type(cause).__name__}: {reason}); "
            f"see what is damaged with: moviellm dataset check {folder}"
        ) from error


def _describe(folder: str, version: str, configs: dict[str, Any]) -> dict[str, Any]:
    rows = {config: {split: len(data) for split, data in splits.items()} for config, splits in configs.items()}
    splits = list(rows["movies"])
    lines = [f"{folder}, version {version}", f"  {'':<10}" + "".join(f"{split:>12}" for split in splits)]
    lines += [
        f"  {config:<10}" + "".join(f"{count:>12}" for count in counts.values()) for config, counts in rows.items()
    ]
    movie = configs["movies"][splits[-1]][0]
    lines += ["", f"  {movie['title']} ({movie['genre']}, {movie['duration_s']:.0f} s)", f"  {movie['logline']}"]
    questions = configs.get("qa", {}).get(splits[-1])  # a run may have no question
    if questions is not None and len(questions):
        telling = (question for question in questions if question["question_type"] in {"visual", "cause"})
        question = next(telling, questions[0])
        lines += [f"  Q: {question['question']}", f"  A: {question['answer']}"]
    config = "movies" if questions is None else "qa"
    lines += ["", f'  from datasets import load_dataset\n  load_dataset("{folder}", "{config}", split="{splits[-1]}")']
    return {"dataset": folder, "version": version, "rows": rows, "text": "\n".join(lines)}
