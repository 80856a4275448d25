"""The loop of a push: look at what the repository holds, make the commits that are missing, until it holds the files.

    commit = push(repository, plan, line=lambda: "main", title="Version 1.2.0", progress=advance, note=note)
    set_tag(repository, "v1.2.0", commit, files)

There is no state but the repository: a push that was killed anywhere is resumed by the same call, and sends no large
file that has arrived. Each commit names its parent, so that one of several writers wins and the others look again.
"""

from collections.abc import Callable, Iterable, Sequence

from moviellm.cards.hub.answers import LostCommitError, pause
from moviellm.cards.hub.local import LocalFile
from moviellm.cards.hub.names import newest_tag, version_key
from moviellm.cards.hub.plan import PlannedCommit, differences
from moviellm.cards.hub.repository import Repository

FAILURES_MAX = 6
"""Failures of the Hub in a row after which a push gives up."""
RACES_MAX = 60
"""Commits lost to other writers after which a push gives up."""
UNKEPT_MAX = 3
"""Times that the Hub may take every commit and not hold every file."""
SHOWN = 5
"""Differences that a refusal shows."""


def push(
    repository: Repository,
    plan: Callable[[str], Sequence[PlannedCommit]],
    *,
    line: Callable[[], str],
    title: str,
    progress: Callable[[int], None],
    note: Callable[[str], None],
) -> str:
    """Make a branch hold the files.

    Args:
        plan: The commits that are still to be made on top of one; it refuses what must not be done.
        line: The branch, asked anew before each look: another writer may have published a newer version.
        title: Title of the commits.
        progress: Called with the number of bytes just sent.
        note: Told what is tried again, and why.

    Returns:
        The commit that holds exactly the files.

    Raises:
        ConnectionError: the Hub failed too often in a row.
        ValueError: it refuses, or others were faster too often.
    """
    failures = races = unkept = 0
    while True:
        branch = line()
        head = repository.head(branch)
        commits = plan(head)
        if not commits:
            return head
        try:
            for number, planned in enumerate(commits, 1):
                said = title if planned.last else f"{title}: part {number} of {len(commits)}"
                head = repository.commit(planned, branch, head, said, progress)
                failures = 0
            commits = plan(head)
            if not commits:
                return head
            unkept += 1
            if unkept >= UNKEPT_MAX:
                raise ValueError(
                    f"{repository.repo_id} took every commit and still lacks {commits[0].files[0].path}; see whether "
                    f"a .gitignore there leaves it out, then run the same command again"
                )
        except LostCommitError as lost:
            races, failures = (races + 1, failures) if lost.raced else (races, failures + 1)
            if failures >= FAILURES_MAX:
                raise ConnectionError(str(lost)) from lost
            if races >= RACES_MAX:
                raise ValueError(f"{lost}, {races} times; run the same command again when they are done") from lost
            note(f"{lost}; looking again")
            pause(min(races, 3) if lost.raced else failures)


def branch_for(version: str | None, tags: Iterable[str]) -> str:
    """Where a version is committed: `main`, or, when a newer one is out, a branch: main goes on showing the newer."""
    newest = newest_tag(tags)
    if version is None or newest is None or version_key(version) >= version_key(newest[1:]):
        return "main"
    return own_branch(version)


def own_branch(version: str) -> str:
    """Name of the branch on which a version is committed that must not change `main`."""
    return f"release-{version}"


def set_tag(repository: Repository, tag: str, commit: str, files: Sequence[LocalFile]) -> None:
    """Name the commit for good.

    Raises:
        ValueError: somebody else named other files so meanwhile.
    """
    repository.tag(tag, commit)
    named = repository.tags()[tag]
    if named != commit:
        check_same(repository, tag, named, files)


def check_same(repository: Repository, tag: str, commit: str, files: Sequence[LocalFile]) -> None:
    """Refuse to go on where a tag names other files than these.

    Raises:
        ValueError: it does; the message says which.
    """
    found = differences(files, repository.tree(commit))
    if found:
        shown = "; ".join(found[:SHOWN]) + (f"; and {len(found) - SHOWN} more" if len(found) > SHOWN else "")
        raise ValueError(
            f"{repository.repo_id} has {tag} already, with other files: {shown}. What is published never changes: "
            f"choose another version"
        )
