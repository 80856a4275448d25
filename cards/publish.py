"""The one door to the Hub: datasets, models, benchmarks and Spaces, and results of models, go out through here.

    publish_dataset(Path("out"), "moviellm/films", version="1.2.0")              # checked, stamped, tagged v1.2.0
    publish_folder(Path("checkpoint"), "moviellm/vlm", "model", version="0.1.0")
    publish_results("moviellm/vlm", entries, name="moviebench")                  # .eval_results/moviebench.yaml, by PR

All are resumable by calling them again, send nothing twice, and never change what a tag names. Everything is checked
before anything is sent. The command line is in publishing.py, what a push is made of in hub/.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from moviellm.cards.hub.local import (
    LocalFile,
    check_files,
    dataset_files,
    folder_paths,
    from_bytes,
    read_files,
    total_bytes,
)
from moviellm.cards.hub.names import RepoType, check_repo_id, check_version, newest_tag, page, tag_of
from moviellm.cards.hub.plan import PlannedCommit, foreign, plan_commits, surplus
from moviellm.cards.hub.pushing import branch_for, check_same, own_branch, push, set_tag
from moviellm.cards.hub.repository import Repository, Settings
from moviellm.cards.hub.stamping import Stamp, front_matter, licence_for, stamp, version_for
from moviellm.generation.dataset.folder import MANIFEST, README, read_manifest

if TYPE_CHECKING:
    from huggingface_hub import EvalResultEntry

State = Literal["pushed", "already there", "proposed", "would be pushed"]
Progress = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
"""Makes a progress display from a label and a number of bytes: generation.progress, or `silent`."""


def silent(label: str, total: int) -> AbstractContextManager[Callable[[int], None]]:
    """No progress display."""
    return nullcontext(lambda count: None)


def _unsaid(text: str) -> None:
    """No note."""


@dataclass(frozen=True, kw_only=True)
class How:
    """How a folder is published, whatever it holds."""

    private: bool = False
    """A new repository is private."""
    gated: Literal["auto", "manual"] | None = None
    """Readers must ask for access."""
    create_pr: bool = False
    """As a pull request; the tag comes when it is merged and the same call is made without this."""
    message: str | None = None
    """Title of the commits and of the pull request."""
    dry_run: bool = False
    """Say what would be sent; send nothing."""
    replace: bool = False
    """Files that a repository holds and the folder does not may be deleted, whoever put them there."""
    space_sdk: str | None = None
    """Of a Space: gradio, docker or static."""
    token: str | None = None
    """Else the one of HF_TOKEN or `hf auth login`."""
    endpoint: str | None = None
    """Else that of HF_ENDPOINT."""
    progress: Progress = silent
    note: Callable[[str], None] = _unsaid
    """Told what a person should know meanwhile."""


@dataclass(frozen=True)
class Published:
    """What became of a push."""

    state: State
    repo_id: str
    repo_type: RepoType
    url: str
    """The page to look at."""
    tag: str | None
    """None without a version, and for a pull request."""
    commit: str | None
    """None for a dry run."""
    branch: str
    """Where it was committed."""
    files: int
    """Files of the folder."""
    bytes: int
    """Their bytes."""
    commits: tuple[PlannedCommit, ...]
    """What was missing on the Hub when the push began."""


def publish_dataset(
    folder: Path, repo_id: str, *, version: str | None = None, licence: str | None = None, how: How | None = None
) -> Published:
    """Push a dataset folder under a version: exactly the files that its manifest lists.

    Args:
        folder: The dataset folder; it stays as it is.
        version: Three numbers; None for the one that its recipe fixes.
        licence: For data whose own licence is unknown.

    Raises:
        ValueError: something must be put right first; nothing was sent. Or the Hub refuses.
        OSError: the Hub cannot be reached; what was sent is kept.
    """
    how = how or How()
    check_repo_id(repo_id, "dataset")
    manifest = read_manifest(folder)
    version = check_version(version_for(manifest, None if version is None else check_version(version)))
    readme = folder / README
    if README not in {file.path for file in manifest.files} or not readme.is_file():
        raise ValueError(f"{folder} has no {README}; build the dataset again")
    licence = licence_for(front_matter(readme.read_text(encoding="utf-8")), licence)
    repository, author = _open(repo_id, "dataset", how)
    with how.progress("checking", sum(file.bytes for file in manifest.files)) as advance:
        files = dataset_files(folder, manifest, advance)
    url = page(repository.endpoint, repo_id, "dataset")
    files = stamp(files, manifest, Stamp(repo_id, version, url, licence))
    return _publish(_Job(repository, author, files, version, how, dataset=manifest.name))


def publish_folder(
    folder: Path,
    repo_id: str,
    repo_type: RepoType,
    *,
    version: str | None = None,
    leave: Sequence[str] = (),
    how: How | None = None,
) -> Published:
    """Push every file of a folder, hidden tools and caches left out: a checkpoint, a Space, a benchmark.

    Args:
        leave: Patterns of files that stay here, e.g. `optimizer.pt`, `checkpoint-*`.
        version: Gives an immutable tag; None moves `main` only.

    Raises:
        ValueError: something must be put right first; nothing was sent. Or the Hub refuses.
        OSError: the Hub cannot be reached; what was sent is kept.
    """
    how = how or How()
    check_repo_id(repo_id, repo_type)
    if version is not None:
        check_version(version)
    if repo_type == "space" and how.space_sdk is None:
        raise ValueError("a Space needs an SDK: gradio, docker or static")
    repository, author = _open(repo_id, repo_type, how)
    paths = folder_paths(folder, leave)
    with how.progress("reading", total_bytes(folder, paths)) as advance:
        files = read_files(folder, paths, advance)
    return _publish(_Job(repository, author, files, version, how))


def publish_beside(
    repo_id: str, repo_type: RepoType, contents: Mapping[str, bytes], *, how: How | None = None
) -> Published:
    """Put a few files made for the Hub beside what a repository holds already; nothing of it is changed or deleted.

    Args:
        contents: Bytes by path.

    Raises:
        ValueError: there is no such repository, or the Hub refuses.
        OSError: the Hub cannot be reached.
    """
    how = how or How()
    check_repo_id(repo_id, repo_type)
    repository, author = _open(repo_id, repo_type, how)
    if repository.settings() is None and not how.dry_run:
        raise ValueError(f"there is no {repo_type} {repo_id}, or it is private; push it first")
    files = [from_bytes(path, data) for path, data in contents.items()]
    return _publish(_Job(repository, author, files, None, how, exact=False))


def publish_results(
    model_id: str, entries: Sequence["EvalResultEntry"], *, name: str, how: How | None = None
) -> Published:
    """Write results of a model into its repository: `.eval_results/NAME.yaml`, which the Hub shows with the model.

    Args:
        entries: What huggingface_hub calls a result: dataset, task, value, and where it comes from.
        name: Of the file; the same name replaces what it said before.
        how: `create_pr` proposes them to a repository of others.

    Raises:
        ValueError: an entry has no finite number, two are of one task, or the Hub refuses.
        OSError: the Hub cannot be reached.
    """
    import yaml
    from huggingface_hub import eval_result_entries_to_yaml

    how = how or How()
    check_repo_id(model_id, "model")
    check_results(entries, name)
    text = yaml.safe_dump(eval_result_entries_to_yaml([*entries]), sort_keys=False, allow_unicode=True)
    files = [from_bytes(f".eval_results/{name}.yaml", text.encode())]
    repository, author = _open(model_id, "model", how)
    if repository.settings() is None:
        raise ValueError(f"there is no model {model_id}, or it is private; push it first")
    how = replace(how, message=how.message or f"Results of {name}")
    return _publish(_Job(repository, author, files, None, how, exact=False))


def check_results(entries: Sequence["EvalResultEntry"], name: str) -> None:
    """Refuse results that the Hub would show wrongly or not at all.

    Raises:
        ValueError: there is none, one has no task or no finite number, or two are of one task.
    """
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", name):
        raise ValueError(f"{name!r} names no file; letters, digits, - _ . only")
    if not entries:
        raise ValueError("no results to publish")
    seen: set[tuple[str, str]] = set()
    for entry in entries:
        task = (entry.dataset_id, entry.task_id)
        if not all(task):
            raise ValueError(f"a result needs a dataset and a task; got {task}")
        if not isinstance(entry.value, int | float) or not math.isfinite(entry.value):
            raise ValueError(f"the result of {entry.task_id} is {entry.value!r}, no finite number; leave it out")
        if task in seen:
            raise ValueError(f"two results of {entry.task_id}; the Hub shows one a task: give each metric its own")
        seen.add(task)


@dataclass(frozen=True)
class _Job:
    """A push whose files are known."""

    repository: Repository
    author: str | None
    """Who pushes; None in a dry run without a token that would do."""
    files: Sequence[LocalFile]
    version: str | None
    how: How
    exact: bool = True
    """Whether the repository shall hold nothing else."""
    dataset: str | None = None
    """Name of the dataset; None for what is none."""

    def plan(self, head: str | None) -> tuple[PlannedCommit, ...]:
        """The commits that are still to be made on top of one; None where there is none yet.

        Raises:
            ValueError: they would delete what others may have put there.
        """
        tree = self.repository.tree(head) if head else {}
        found = surplus(self.files, tree) if self.exact and not self.how.replace else []
        if found and head and self.dataset is not None:
            there = self.repository.read(MANIFEST, head) if MANIFEST in tree else b"" if README in tree else None
            found = foreign(found, self.dataset, there)
        if found:
            names = ", ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
            raise ValueError(
                f"{self.repository.repo_id} holds files that this folder does not, and they would be deleted: "
                f"{names}; choose another repository, or allow it with --replace (its history keeps them)"
            )
        return tuple(plan_commits(self.files, tree, exact=self.exact))

    def push(self, commits: Sequence[PlannedCommit], line: Callable[[], str], title: str) -> str:
        with self.how.progress("pushing", sum(planned.bytes for planned in commits)) as advance:
            return push(
                self.repository,
                self.plan,
                line=line,
                title=title,
                progress=advance,
                note=self.how.note,
            )

    def told(
        self,
        state: State,
        commits: Sequence[PlannedCommit],
        commit: str | None,
        *,
        tag: str | None = None,
        branch: str = "main",
        url: str | None = None,
    ) -> Published:
        repository, size = self.repository, sum(file.bytes for file in self.files)
        url = url or page(repository.endpoint, repository.repo_id, repository.repo_type, f"/tree/{tag}" if tag else "")
        names = (repository.repo_id, repository.repo_type)
        return Published(state, *names, url, tag, commit, branch, len(self.files), size, tuple(commits))


def _open(repo_id: str, repo_type: RepoType, how: How) -> tuple[Repository, str | None]:
    """The repository, and who pushes; None where a dry run has no token that would do."""
    repository = Repository.open(repo_id, repo_type, how.token, how.endpoint)
    try:
        return repository, repository.check_token(proposes=how.create_pr)
    except ValueError as error:
        if not how.dry_run:
            raise
        how.note(f"a push would stop here: {error}")
        return repository, None


def _publish(job: _Job) -> Published:
    """What every push does once its files are known: look, refuse or plan, send, tag."""
    repository, how, version = job.repository, job.how, job.version
    for text in check_files(job.files):
        how.note(text)
    settings = repository.settings()
    _check_settings(job, settings)
    tags = repository.tags() if settings else {}
    tag = None if version is None else tag_of(version)
    if version is not None and tag in tags:
        check_same(repository, tag, tags[tag], job.files)
        if not how.dry_run and not how.create_pr:
            _set_gate(job, settings)
            repository.drop_branch(own_branch(version), tags[tag])  # of a push that was killed behind its tag
        return job.told("already there", (), tags[tag], tag=tag)
    head = repository.head("main") if settings else None
    commits = job.plan(head)
    if how.dry_run:
        return job.told("would be pushed", commits, None, tag=tag, branch=branch_for(version, tags))
    title = how.message or (f"Version {version}" if version else "Update")
    if how.create_pr and branch_for(version, tags) != "main":
        raise ValueError(
            f"{repository.repo_id} has {newest_tag(tags)} already, and merging {tag} would put main back to the older "
            f"one; push it without --create-pr, which leaves main as it is, or choose a higher version"
        )
    if how.create_pr:
        return _propose(job, commits, title) if commits else job.told("already there", (), head)
    if settings is None:
        repository.create(how.private, how.space_sdk)
        _check_settings(job, repository.settings())  # somebody else may have made it, public, this very moment
    _set_gate(job, settings)
    commit = job.push(commits, lambda: _line(job), title)
    if version is None or tag is None:
        return job.told("pushed" if commits else "already there", commits, commit)
    set_tag(repository, tag, commit, job.files)
    branch = branch_for(version, [name for name in repository.tags() if name != tag])
    repository.drop_branch(own_branch(version), commit)  # the tag keeps its commits
    return job.told("pushed", commits, commit, tag=tag, branch=branch)


def _check_settings(job: _Job, settings: Settings | None) -> None:
    """Refuse what a repository that is there, or is not, cannot give."""
    repository, how = job.repository, job.how
    if settings is not None and how.private and not settings.private:
        raise ValueError(
            f"{repository.repo_id} is there and public, and --private is for a new repository; make it private in its "
            f"settings first, or push without --private"
        )
    if settings is None and how.create_pr:
        raise ValueError(f"there is no {repository.repo_type} {repository.repo_id} yet; push it without --create-pr")
    if how.create_pr and (how.private or how.gated):
        raise ValueError("a pull request changes no settings: leave --private and --gated out")


def _set_gate(job: _Job, settings: Settings | None) -> None:
    """Have readers ask for access, where that is wanted and not so yet."""
    wanted = job.how.gated
    if wanted is not None and (settings is None or settings.gated != wanted):
        job.repository.gate(wanted)


def _line(job: _Job) -> str:
    """The branch to commit to now, made where it is not there.

    Raises:
        ValueError: somebody else has published other files under this version meanwhile.
    """
    repository, version = job.repository, job.version
    if version is None:
        return "main"
    tags = repository.tags()
    if tag_of(version) in tags:
        check_same(repository, tag_of(version), tags[tag_of(version)], job.files)
    branch = branch_for(version, tags)
    if branch != "main":
        repository.branch(branch)
    return branch


def _propose(job: _Job, commits: Sequence[PlannedCommit], title: str) -> Published:
    """A pull request that holds exactly the files, opened or gone on with."""
    assert job.author is not None, "only a dry run goes without"
    number, url = job.repository.proposal(title, job.author)
    branch = f"refs/pr/{number}"
    commit = job.push(commits, lambda: branch, title)
    job.repository.publish_proposal(number)
    return job.told("proposed", commits, commit, branch=branch, url=url)
