"""What `moviellm dataset push` does: publish.py with a progress bar, and its outcome in words.

    push("out", "moviellm/films", version="1.2.0", ...)

It decides nothing about what is sent.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, cast

from moviellm.cards.hub.names import RepoType, check_repo_id
from moviellm.cards.hub.repository import Repository
from moviellm.cards.publish import How, Published, publish_dataset
from moviellm.generation.dataset.folder import read_manifest
from moviellm.generation.output import counted, emit, note
from moviellm.generation.progress import progress

GATES = ("auto", "manual")
SAID_BY_HUB = ("Retrying in", "Rate limited")
"""How those lines of huggingface_hub begin that tell a person why it takes longer."""


def push(
    folder: Path,
    repo_id: str,
    *,
    version: str | None,
    private: bool,
    gated: str | None,
    create_pr: bool,
    licence: str | None,
    message: str | None,
    replace: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Push a dataset folder and say what became of it."""
    if gated is not None and gated not in GATES:
        raise ValueError(f"--gated {gated}: it takes {' or '.join(GATES)}")
    how = How(
        private=private,
        gated=cast(Literal["auto", "manual"] | None, gated),
        create_pr=create_pr,
        message=message,
        dry_run=dry_run,
        replace=replace,
        progress=bytes_progress,
        note=note,
    )
    with hub_in_words():
        done = publish_dataset(folder, repo_id, version=version, licence=licence, how=how)
    configs = [*read_manifest(folder).configs]
    emit(as_facts(done), in_words(done, "qa" if "qa" in configs else configs[0]), as_json)


def check_repositories(wanted: Sequence[tuple[str, RepoType, bool]]) -> str:
    """Refuse, before anything is made, repositories that could not be pushed to; who pushes.

    Args:
        wanted: Id, kind, and whether it must be private.

    Raises:
        ValueError: a name is none, the token may not write there, or what must be private is there and public.
    """
    for repo_id, repo_type, _ in wanted:
        check_repo_id(repo_id, repo_type)
    asked: dict[str, str] = {}
    with hub_in_words():
        for repo_id, repo_type, private in wanted:
            repository, owner = Repository.open(repo_id, repo_type), repo_id.partition("/")[0]
            if owner not in asked:
                asked[owner] = repository.check_token(proposes=False, way_out=False)
            settings = repository.settings() if private else None
            if settings is not None and not settings.private:
                raise ValueError(
                    f"{repo_id} is public, and must not be; make it private in its settings, or choose another"
                )
    return ", ".join(dict.fromkeys(asked.values()))


@contextmanager
def hub_in_words() -> Iterator[None]:
    """Let huggingface_hub show no bars of its own, and only those warnings that say why it takes longer."""
    import huggingface_hub.utils.logging  # noqa: F401 gives the logger its handler, which must not come later
    from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    logger = logging.getLogger("huggingface_hub")
    handlers, shown = logger.handlers, not are_progress_bars_disabled()
    logger.handlers = [_Notes()]
    if shown:
        disable_progress_bars()
    try:
        yield
    finally:
        logger.handlers = handlers
        if shown:
            enable_progress_bars()


class _Notes(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if text.startswith(SAID_BY_HUB):
            note(f"the Hub did not take it: {text[0].lower()}{text[1:]}")


@contextmanager
def bytes_progress(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """Progress in megabytes."""
    done = 0
    with progress(label, total=-(-total // 1_000_000), unit="MB") as advance:

        def advanced(count: int) -> None:
            nonlocal done
            before, done = done, done + count
            advance(-(-done // 1_000_000) - -(-before // 1_000_000))

        yield advanced


def as_facts(done: Published) -> dict[str, Any]:
    """The outcome as one JSON object."""
    commits = [
        {
            "files": [{"path": file.path, "bytes": file.bytes} for file in planned.files],
            "deletes": [*planned.deletes],
            "bytes": planned.bytes,
        }
        for planned in done.commits
    ]
    return {
        "state": done.state,
        "repository": done.repo_id,
        "type": done.repo_type,
        "url": done.url,
        "tag": done.tag,
        "commit": done.commit,
        "branch": done.branch,
        "files": done.files,
        "bytes": done.bytes,
        "commits": commits,
    }


def in_words(done: Published, config: str | None = None) -> str:
    """The outcome for people.

    Args:
        config: One that a reader of a dataset may load.
    """
    name = f"{done.repo_id} {done.tag}" if done.tag else done.repo_id
    size = f"{counted(done.files, 'file')}, {_size(done.bytes)}"
    if done.state == "would be pushed":
        return "\n".join([f"{name} would be pushed: {size}; nothing was sent", *_planned(done)])
    if done.state == "already there":
        lines = [f"{name} is already there, with these very files ({size}); nothing was sent", f"  {done.url}"]
        if config is not None and done.tag is None:
            lines.append("  it has no tag yet: the same command without --create-pr makes it")
        return "\n".join(lines)
    sent = sum(len(planned.files) for planned in done.commits)
    new = f"{counted(sent, 'file')} of {done.files} new or changed" if sent < done.files else "all of them new"
    if done.state == "proposed":
        lines = [f"{name}: a pull request holds these files ({size}; {new})", f"  {done.url}"]
        return "\n".join([*lines, "  when it is merged, the same command without --create-pr makes the tag"])
    lines = [f"{name} is on the Hub: {size}; {new}", f"  {done.url}"]
    if done.branch != "main":
        lines.append("  main goes on showing the newer version that is out")
    if config is not None and done.tag:
        lines.append(f'  load_dataset("{done.repo_id}", "{config}", revision="{done.tag}")')
    return "\n".join(lines)


def _planned(done: Published) -> Iterator[str]:
    if not done.commits:
        yield "  the repository holds these files already; only the tag is missing"
    if done.branch != "main":
        yield f"  on a branch of its own, {done.branch}: a newer version is out, and main goes on showing it"
    for number, planned in enumerate(done.commits, 1):
        yield f"  commit {number}: {counted(len(planned.files), 'file')}, {_size(planned.bytes)}"
        for file in planned.files:
            yield f"    {_size(file.bytes):>10}  {file.path}"
        for path in planned.deletes:
            yield f"    {'deleted':>10}  {path}"


def _size(count: int) -> str:
    for limit, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count >= limit:
            return f"{count / limit:,.1f} {unit}"
    return f"{count} bytes"
