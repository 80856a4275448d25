"""Print what is in a dataset, as plain `datasets.load_dataset` reads it.

    facts = show("demo/MovieLLM-tiny")                          # a folder
    facts = show("org/MovieLLM-tiny", revision="v1.0.0")        # on the Hub
    print(facts["text"])

Rows are read with nothing of ours: what this prints, any researcher gets. Those of a folder are read anew, past the
cache of `datasets`, which would show a damaged file as it was. A dataset on the Hub is not downloaded: the manifest
says how many rows there are, and the first of each config and split is streamed. It checks nothing: see
dataset/check.py.
"""

import tempfile
from pathlib import Path
from typing import Any

from moviellm.generation.dataset.folder import read_manifest

Rows = dict[str, dict[str, int]]


def show(source: str, revision: str | None = None) -> dict[str, Any]:
    """Load every config and split.

    Args:
        source: Dataset folder, or Hub id `org/name`.
        revision: Tag, branch or commit on the Hub.

    Returns:
        `rows`: config -> split -> number of rows; `text`: the same for people, with one movie and one question.

    Raises:
        ValueError: there is no dataset, or it is damaged, or of a schema that this version does not read.
        OSError: the temporary folder is full or cannot be written.
    """
    from moviellm_dataset import CONFIGS, manifest_of

    folder = Path(source)
    if folder.is_dir():
        read_manifest(folder)  # says of a damaged one what to do
    manifest = manifest_of(folder.resolve() if folder.is_dir() else source, revision)  # ~ is no home directory here
    configs = [name for name in CONFIGS if name in manifest["configs"]]
    configs += sorted(manifest["configs"].keys() - configs)
    with tempfile.TemporaryDirectory(prefix="moviellm-") as cache:
        if folder.is_dir():
            loaded = _load(source, configs, cache)
            rows = {config: {split: len(data) for split, data in splits.items()} for config, splits in loaded.items()}
        else:
            loaded = _stream(source, revision, configs)
            counts = manifest["configs"]
            rows = {config: {split: counts[config][split] for split in loaded[config]} for config in configs}
        return _describe(source, revision, manifest["version"], rows, loaded)


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
        raise ValueError(
            f"{folder} cannot be loaded ({_reason(cause)}); see what is damaged with: moviellm dataset check {folder}"
        ) from error


def _stream(repo_id: str, revision: str | None, configs: list[str]) -> dict[str, Any]:
    """The first row of each config and split, as a list, pictures and films not decoded."""
    from datasets import load_dataset, utils

    utils.logging.set_verbosity(utils.logging.CRITICAL)
    try:
        first: dict[str, Any] = {}
        for config in configs:
            splits = load_dataset(repo_id, config, revision=revision, streaming=True)
            first[config] = {split: list(data.decode(False).take(1)) for split, data in splits.items()}
        return first
    except Exception as error:  # whatever load_dataset stumbles over
        raise ValueError(
            f"{repo_id} cannot be read from the Hub ({_reason(error.__cause__ or error)}); try again"
        ) from error


def _reason(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error).strip()}".split("\n")[0]


def _describe(source: str, revision: str | None, version: str, rows: Rows, configs: dict[str, Any]) -> dict[str, Any]:
    config = next((name for name in ("qa", "movies") if name in rows), next(iter(rows)))
    splits = list(rows.get("movies", rows[config]))
    lines = [f"{source}, version {version}", f"  {'':<10}" + "".join(f"{split:>12}" for split in splits)]
    for name, counts in rows.items():
        lines.append(f"  {name:<10}" + "".join(f"{counts.get(split, 0):>12}" for split in splits))
    if "movies" in configs:
        movie = configs["movies"][splits[-1]][0]
        about = ", ".join([*filter(None, [movie["genre"]]), f"{movie['duration_s']:.0f} s"])
        lines += ["", f"  {movie['title']} ({about})", *(["  " + movie["logline"]] if movie["logline"] else [])]
    questions = configs.get("qa", {}).get(splits[-1])  # a run may have no question
    if questions is not None and len(questions):
        telling = (question for question in questions if question["question_type"] in {"visual", "cause"})
        question = next(telling, questions[0])
        lines += [f"  Q: {question['question']}", f"  A: {question['answer']}"]
    pinned = f', revision="{revision}"' if revision else ""
    call = f'load_dataset("{source}", "{config}", split="{splits[-1]}"{pinned})'
    lines += ["", f"  from datasets import load_dataset\n  {call}"]
    return {"dataset": source, "version": version, "rows": rows, "text": "\n".join(lines)}
