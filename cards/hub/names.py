"""Names on the Hub: of repositories, versions and tags, and the addresses that people see.

    check_repo_id("moviellm/films", "dataset")          # ValueError where the Hub or `datasets` would stumble
    tag_of(check_version("1.2.0"))                      # 'v1.2.0'

It asks the Hub nothing: whether a name is free, and who may write there, is found in repository.py.
"""

import re
from collections.abc import Iterable
from typing import Literal

from moviellm.generation.dataset.folder import SCRIPT

RepoType = Literal["dataset", "model", "space"]
REPO_TYPES: tuple[RepoType, ...] = ("dataset", "model", "space")
NAME_CHARACTERS_MAX = 96
UNVERSIONED = "0.0."
"""A dataset built without a fixed version is numbered by its contents: 0.0.N."""


def check_repo_id(repo_id: str, repo_type: RepoType) -> None:
    """Refuse a name that the Hub does not take, or under which the data could not be loaded.

    Raises:
        ValueError: it is not `owner/name`, has wrong characters, or is that of the loading script.
    """
    if repo_type not in REPO_TYPES:
        raise ValueError(f"no kind of repository {repo_type!r}; there are {', '.join(REPO_TYPES)}")
    owner, slash, name = repo_id.partition("/")
    if not slash or not owner or not name or "/" in name:
        raise ValueError(f"{repo_id!r} names no repository; it is OWNER/NAME, e.g. moviellm/{name or owner}")
    for part in (owner, name):
        if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9_])?", part) or len(part) > NAME_CHARACTERS_MAX:
            raise ValueError(
                f"{part!r} in {repo_id!r} is no name on the Hub: letters, digits, - _ . only, a letter or digit "
                f"first, no - or . last, at most {NAME_CHARACTERS_MAX} characters"
            )
    if "--" in repo_id or ".." in repo_id or name.endswith(".git"):
        raise ValueError(f"{repo_id!r} is no name on the Hub: it takes no --, no .. and no .git at the end")
    script = SCRIPT.removesuffix(".py")
    if repo_type == "dataset" and name.lower() == script:
        raise ValueError(
            f"a dataset must not be called {name}: it holds {SCRIPT}, and `datasets` refuses a repository that has "
            f"the name of a script in it; choose another, e.g. {owner}/MovieLLM"
        )


def check_version(version: str) -> str:
    """A version as `datasets` takes it: three numbers.

    Raises:
        ValueError: it is not of that form.
    """
    if not re.fullmatch(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)", version):
        raise ValueError(f"{version!r} is no version; it takes three numbers, e.g. --version 1.2.0")
    return version


def tag_of(version: str) -> str:
    """The tag of a version."""
    return f"v{version}"


def version_key(version: str) -> tuple[int, ...]:
    """What versions are ordered by."""
    return tuple(int(number) for number in version.split("."))


def newest_tag(tags: Iterable[str]) -> str | None:
    """The highest of the tags that are versions; None where there is none."""
    versions = [tag for tag in tags if re.fullmatch(r"v\d+\.\d+\.\d+", tag)]
    return max(versions, key=lambda tag: version_key(tag[1:]), default=None)


def page(endpoint: str, repo_id: str, repo_type: RepoType, rest: str = "") -> str:
    """Address of a repository that a person opens."""
    middle = "" if repo_type == "model" else f"{repo_type}s/"
    return f"{endpoint}/{middle}{repo_id}{rest}"
