"""One repository on the Hub, as a push sees it: what it holds, and the few things that are done to it.

    repository = Repository.open("moviellm/films", "dataset")
    head = repository.head("main")
    tree = repository.tree(head)
    head = repository.commit(planned, "main", head, "Version 1.2.0")  # LostCommitError if another was first

Spoken through huggingface_hub. What the Hub's refusals become is in answers.py. It decides nothing: see pushing.py.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal, TypeVar
from urllib.parse import urlsplit

from moviellm.cards.hub.answers import NotThereError, lost, patiently, raise_as
from moviellm.cards.hub.names import RepoType, page
from moviellm.cards.hub.plan import PlannedCommit, RemoteFile

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd, HfApi

T = TypeVar("T")
SENT_AT_A_TIME_BYTES = 32_000_000
"""Files are sent in groups of about this size, so that progress moves and what is sent stays sent."""
SENDERS = 5
"""Small files that are sent at a time."""


@dataclass(frozen=True)
class Settings:
    """What a repository is, beside its files."""

    private: bool
    gated: str | bool | None


@dataclass
class Repository:
    """See the module's docstring."""

    api: "HfApi"
    repo_id: str
    repo_type: RepoType
    sent: bool = False
    """Whether a commit was begun."""

    @classmethod
    def open(
        cls, repo_id: str, repo_type: RepoType, token: str | None = None, endpoint: str | None = None
    ) -> "Repository":
        """The repository under this name, there or not, asked with the token from the usual places."""
        from huggingface_hub import HfApi, constants, get_token

        if urlsplit(endpoint or constants.ENDPOINT).username is not None:
            raise ValueError("HF_ENDPOINT holds a name or a password, which would show; take it out and set HF_TOKEN")
        return cls(HfApi(endpoint=endpoint, token=token or get_token() or False), repo_id, repo_type)

    @property
    def endpoint(self) -> str:
        """Address of the Hub."""
        return str(self.api.endpoint)

    def check_token(self, proposes: bool, *, way_out: bool = True) -> str:
        """Who the token belongs to.

        Args:
            proposes: A pull request is all that is wanted, which needs no right to write.
            way_out: A refusal names what else `push` could do.

        Raises:
            ValueError: there is no token, or it may not write here.
        """
        if not self.api.token:
            raise ValueError("no token for the Hub; log in with: hf auth login, or set HF_TOKEN")
        if not str(self.api.token).isascii():
            raise ValueError("the token for the Hub has characters that no token has; copy it again: hf auth login")
        told = self._ask(lambda: self.api.whoami())
        name, owner = str(told["name"]), self.repo_id.split("/")[0]
        role = ((told.get("auth") or {}).get("accessToken") or {}).get("role")
        if role == "read":
            raise ValueError(
                f"the token of {name} may only read; make one that writes at {self.endpoint}/settings/tokens, "
                f"then: hf auth login, or set HF_TOKEN"
            )
        roles = {org["name"]: org.get("roleInOrg") for org in told.get("orgs") or []}
        if proposes or owner == name or roles.get(owner, "read") != "read":
            return name
        where = f"reads only in {owner}" if owner in roles else f"is not a member of {owner}"
        if not way_out:
            raise ValueError(f"{name} {where}; ask there for the right to write, or name {name}")
        raise ValueError(
            f"{name} {where}; ask there for the right to write, push to {name}/{self.repo_id.split('/')[1]}, or "
            f"propose it with --create-pr"
        )

    def settings(self) -> Settings | None:
        """What the repository is; None where there is none that this token sees."""
        try:
            info = self._ask(lambda: self.api.repo_info(self.repo_id, repo_type=self.repo_type))
        except NotThereError:
            return None
        return Settings(bool(info.private), getattr(info, "gated", None))

    def tags(self) -> dict[str, str]:
        """Commit by tag."""
        refs = self._ask(lambda: self.api.list_repo_refs(self.repo_id, repo_type=self.repo_type))
        return {tag.name: tag.target_commit for tag in refs.tags}

    def branches(self) -> dict[str, str]:
        """Commit by branch."""
        refs = self._ask(lambda: self.api.list_repo_refs(self.repo_id, repo_type=self.repo_type))
        return {branch.name: branch.target_commit for branch in refs.branches}

    def head(self, revision: str) -> str:
        """The commit that a branch, tag or pull request is at."""
        info = self._ask(lambda: self.api.repo_info(self.repo_id, repo_type=self.repo_type, revision=revision))
        assert info.sha is not None, "the Hub answers with the commit"
        return str(info.sha)

    def tree(self, commit: str) -> dict[str, RemoteFile]:
        """Every file of a commit, by path."""
        from huggingface_hub import RepoFile

        def listing() -> list[RepoFile]:
            entries = self.api.list_repo_tree(self.repo_id, repo_type=self.repo_type, revision=commit, recursive=True)
            return [entry for entry in entries if isinstance(entry, RepoFile)]

        return {
            file.path: RemoteFile(file.size, file.blob_id, file.lfs.sha256 if file.lfs else None)
            for file in self._ask(listing)
        }

    def read(self, path: str, commit: str) -> bytes:
        """The bytes of a small file of a commit."""
        with TemporaryDirectory(prefix="moviellm-push-") as folder:
            kept = self._ask(
                lambda: self.api.hf_hub_download(
                    self.repo_id, path, repo_type=self.repo_type, revision=commit, local_dir=folder
                )
            )
            return Path(kept).read_bytes()

    def create(self, private: bool, space_sdk: str | None = None) -> None:
        """Make the repository; one that is there stays as it is."""
        sdk = space_sdk if self.repo_type == "space" else None
        self._ask(
            lambda: self.api.create_repo(
                self.repo_id, repo_type=self.repo_type, private=private or None, exist_ok=True, space_sdk=sdk
            )
        )

    def gate(self, how: Literal["auto", "manual"]) -> None:
        """Readers must ask for access, and get it at once (auto) or by hand (manual)."""
        self._ask(lambda: self.api.update_repo_settings(self.repo_id, repo_type=self.repo_type, gated=how))

    def branch(self, name: str) -> None:
        """A branch of this name, from main where there is none yet."""
        if name not in self.branches():
            self._ask(
                lambda: self.api.create_branch(self.repo_id, repo_type=self.repo_type, branch=name, exist_ok=True)
            )

    def drop_branch(self, name: str, commit: str) -> None:
        """Remove a branch that is at this commit; its commits stay where a tag names them."""
        if self.branches().get(name) != commit:
            return
        self._ask(lambda: self.api.delete_branch(self.repo_id, repo_type=self.repo_type, branch=name))

    def tag(self, name: str, commit: str) -> None:
        """Name a commit for good. A tag of that name that is there already stays as it is."""
        self._ask(
            lambda: self.api.create_tag(
                self.repo_id, repo_type=self.repo_type, tag=name, revision=commit, exist_ok=True
            )
        )

    def proposal(self, title: str, author: str) -> tuple[int, str]:
        """Number and address of the author's open pull request of that title; opened where there is none."""

        def found() -> list[int]:
            discussions = self.api.get_repo_discussions(
                self.repo_id, repo_type=self.repo_type, author=author, discussion_type="pull_request"
            )
            return [one.num for one in discussions if one.title == title and one.status in {"open", "draft"}]

        numbers = self._ask(found)
        if not numbers:
            opened = self._ask(
                lambda: self.api.create_pull_request(self.repo_id, repo_type=self.repo_type, title=title)
            )
            numbers = [opened.num]
        return numbers[0], page(self.endpoint, self.repo_id, self.repo_type, f"/discussions/{numbers[0]}")

    def publish_proposal(self, number: int) -> None:
        """A draft becomes a pull request that may be merged."""

        def ready() -> None:
            told = self.api.get_discussion_details(self.repo_id, number, repo_type=self.repo_type)
            if told.status == "draft":
                self.api.change_discussion_status(self.repo_id, number, "open", repo_type=self.repo_type)

        self._ask(ready)

    def commit(
        self, planned: PlannedCommit, branch: str, parent: str, title: str, progress: Callable[[int], None]
    ) -> str:
        """Send the files of a commit, those that the Hub lacks, and make it on top of `parent`.

        Returns:
            The new commit.

        Raises:
            LostCommitError: it was not taken, or nobody knows.
            ValueError: the Hub says no, or a file changed meanwhile.
        """
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete

        for file in planned.files:
            file.check_unchanged()
        self.sent = True
        additions = [self._addition(file.path, file.source, file.sha256) for file in planned.files]
        operations: list[CommitOperationAdd | CommitOperationDelete] = [*additions]
        operations += [CommitOperationDelete(path, is_folder=False) for path in planned.deletes]
        try:
            for group in _groups(additions):
                self.api.preupload_lfs_files(
                    self.repo_id,
                    group,
                    repo_type=self.repo_type,
                    revision=branch,
                    num_threads=SENDERS,
                    free_memory=False,
                )
                progress(sum(addition.upload_info.size for addition in group))
            for file in planned.files:
                file.check_unchanged()
            done = self.api.create_commit(
                self.repo_id,
                operations,
                commit_message=title,
                repo_type=self.repo_type,
                revision=branch,
                parent_commit=parent,
                num_threads=SENDERS,
            )
        except Exception as error:
            raise_as(lost(error, self.endpoint, self.repo_id), error)
        return str(done.oid)

    def _addition(self, path: str, source: object, sha256: str) -> "CommitOperationAdd":
        from huggingface_hub import CommitOperationAdd

        addition = CommitOperationAdd(path, source if isinstance(source, bytes) else str(source))
        addition.upload_info.sha256 = bytes.fromhex(sha256)  # known: the file is not read once more
        return addition

    def _ask(self, question: Callable[[], T]) -> T:
        return patiently(question, self.endpoint, self.repo_id, sent=self.sent)


def _groups(additions: Sequence["CommitOperationAdd"]) -> list[list["CommitOperationAdd"]]:
    groups: list[list[CommitOperationAdd]] = []
    size = 0
    for addition in additions:
        if not groups or size + addition.upload_info.size > SENT_AT_A_TIME_BYTES:
            groups.append([])
            size = 0
        groups[-1].append(addition)
        size += addition.upload_info.size
    return groups
