"""`moviellm bench push`: the answers to a private repository, then the benchmark, then its index, in this order.

    moviellm bench push BENCH --repo ORG/bench --labels ORG/bench-labels

INDEX.json names a commit, and no commit can name itself. So the rows, the card and the rest go first and get the tag
of the version; INDEX.json, with that commit in it, comes in a commit of its own behind it, on `main`. The folder's own
INDEX.json is then the same, so that it and the one on the Hub ask submitters for one revision. A push that was killed
goes on when it is called again. Nothing is sent when an answer is public, an item changed, or the repository for the
answers is public.
"""

from dataclasses import replace
from pathlib import Path

from moviellm.cards.hub.names import UNVERSIONED, check_repo_id
from moviellm.cards.hub.repository import Repository
from moviellm.cards.publish import How, Published, publish_beside, publish_dataset
from moviellm.cards.publishing import as_facts, bytes_progress, hub_in_words, in_words
from moviellm.eval.bench.frozen import read_frozen
from moviellm.eval.bench.stating import index_with, write_index
from moviellm.eval.bench.verifying import folders_of, problems
from moviellm.eval.submissions.index import INDEX_FILE
from moviellm.generation.output import emit, note

DRY: str = "0" * 40
"""The commit of a dry run."""


def push(bench: Path, *, repo: str, labels: str, licence: str | None, dry_run: bool, as_json: bool) -> None:
    """Push a benchmark and say what became of it."""
    how = How(dry_run=dry_run, progress=bytes_progress, note=note)
    with hub_in_words():
        done = push_bench(bench, repo=repo, labels=labels, licence=licence, how=how)
    facts = {name: as_facts(one) for name, one in done.items()}
    emit(facts, "\n".join(in_words(one) for one in done.values()), as_json)


def push_bench(bench: Path, *, repo: str, labels: str, licence: str | None = None, how: How) -> dict[str, Published]:
    """Push both folders and the index.

    Returns:
        What became of `labels`, `benchmark` and `index`.

    Raises:
        ValueError: something must be put right first, and nothing was sent; or the Hub refuses.
        OSError: the Hub cannot be reached; what was sent is kept.
    """
    for name in (repo, labels):
        check_repo_id(name, "dataset")
    if repo.casefold() == labels.casefold():
        raise ValueError(f"--repo and --labels are both {repo}: the answers need a repository of their own")
    public, private = folders_of(bench)
    if private is None:
        raise ValueError(f"{bench} has no folder with the answers; push the --out of bench build")
    if found := problems(public, private):
        raise ValueError(f"{bench} must not be pushed: {found[0]}; see all with: moviellm bench verify {bench}")
    version = read_frozen(public).version
    if version.startswith(UNVERSIONED):
        raise ValueError(
            f"{bench} is numbered by its contents, {version}; build it again with the version that it shall have: "
            f"--version 1.0.0"
        )
    _check_private(labels, how)
    title = f"Version {version}"
    secret = publish_dataset(
        private, labels, version=version, licence=licence, how=replace(how, private=True, message=title)
    )
    shown = publish_dataset(public, repo, version=version, licence=licence, how=replace(how, message=title))
    index = index_with(public, repo, shown.commit or DRY)
    beside = publish_beside(
        repo,
        "dataset",
        {INDEX_FILE: index.text().encode()},
        how=replace(how, message=f"Index of version {version}: it names the commit before it"),
    )
    if not how.dry_run:
        write_index(public, index)
    return {"labels": secret, "benchmark": shown, "index": beside}


def _check_private(labels: str, how: How) -> None:
    """Refuse a repository for the answers that everybody may read."""
    settings = Repository.open(labels, "dataset", how.token, how.endpoint).settings()
    if settings is not None and not settings.private:
        raise ValueError(
            f"{labels} is public, and everybody could read the answers; make it private in its settings, or choose "
            f"another one. Nothing was sent"
        )
