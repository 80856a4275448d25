"""plan.py: the commits that make a repository hold exactly a folder, as laws over any folder and any repository."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moviellm.cards.hub import plan
from moviellm.cards.hub.local import LocalFile, from_bytes
from moviellm.cards.hub.plan import PlannedCommit, RemoteFile, differences, is_front, plan_commits, same, surplus

PATHS = st.sampled_from(
    ["README.md", "manifest.json", "card/a.svg", *(f"qa/{n}" for n in range(9)), ".gitattributes", ".eval_results/a"]
)
CONTENTS = st.sampled_from([b"", b"one", b"two", b"three"])
FOLDERS = st.dictionaries(PATHS.filter(lambda path: not path.startswith(".")), CONTENTS, min_size=1)
TREES = st.dictionaries(PATHS, st.tuples(CONTENTS, st.booleans()))


def _remote(data: bytes, large: bool) -> RemoteFile:
    file = from_bytes("x", data)
    return RemoteFile(file.bytes, "pointer" if large else file.blob(), file.sha256 if large else None)


def _local(folder: Mapping[str, bytes]) -> list[LocalFile]:
    return [from_bytes(path, data) for path, data in sorted(folder.items())]


def _apply(tree: Mapping[str, RemoteFile], commit: PlannedCommit) -> dict[str, RemoteFile]:
    after = {path: file for path, file in tree.items() if path not in commit.deletes}
    for file in commit.files:
        assert isinstance(file.source, bytes)
        after[file.path] = _remote(file.source, large=False)
    return after


@pytest.fixture(autouse=True)
def _small_commits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "COMMIT_FILES", 2)


@settings(max_examples=25)
@given(FOLDERS, TREES)
def test_all_commits_together_make_exactly_the_folder(
    folder: dict[str, bytes], tree: dict[str, tuple[bytes, bool]]
) -> None:
    files, remote = _local(folder), {path: _remote(*content) for path, content in tree.items()}
    after: Mapping[str, RemoteFile] = remote
    for commit in plan_commits(files, remote):
        after = _apply(after, commit)
    assert differences(files, after) == []
    assert plan_commits(files, after) == []
    assert {path for path in after if path.startswith(".")} == {path for path in tree if path.startswith(".")}


@settings(max_examples=25)
@given(FOLDERS, TREES, st.data())
def test_a_plan_that_was_cut_short_is_gone_on_with_and_sends_no_finished_file_again(
    folder: dict[str, bytes], tree: dict[str, tuple[bytes, bool]], data: st.DataObject
) -> None:
    files, remote = _local(folder), {path: _remote(*content) for path, content in tree.items()}
    commits = plan_commits(files, remote)
    done = data.draw(st.integers(0, len(commits)))
    after: Mapping[str, RemoteFile] = remote
    for commit in commits[:done]:
        after = _apply(after, commit)
    rest = [file.path for commit in plan_commits(files, after) for file in commit.files]
    assert sorted(rest) == sorted(file.path for commit in commits[done:] for file in commit.files)


@settings(max_examples=25)
@given(FOLDERS, TREES)
def test_the_card_and_the_deletions_are_in_the_last_commit_only(
    folder: dict[str, bytes], tree: dict[str, tuple[bytes, bool]]
) -> None:
    commits = plan_commits(_local(folder), {path: _remote(*content) for path, content in tree.items()})
    for commit in commits[:-1]:
        assert not commit.last and not commit.deletes
        assert not any(is_front(file) for file in commit.files) and 1 <= len(commit.files) <= 2
    assert [commit.last for commit in commits[-1:]] == [True] * bool(commits)


def test_little_goes_in_one_commit_so_that_main_changes_at_once() -> None:
    commits = plan_commits(_local({"README.md": b"card", "qa/0": b"one", "qa/1": b"two"}), {})
    assert [[file.path for file in commit.files] for commit in commits] == [["qa/0", "qa/1", "README.md"]]


def test_a_commit_ends_at_its_bytes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "COMMIT_FILES", 100)
    monkeypatch.setattr(plan, "COMMIT_BYTES", 10)
    commits = plan_commits(_local({f"qa/{number}": bytes(4 + number) for number in range(4)}), {})
    assert [commit.bytes for commit in commits] == [9, 6, 7]


def test_a_large_file_at_the_top_is_no_card() -> None:
    big = LocalFile("model.safetensors", b"", "0" * 64, plan.FRONT_BYTES_MAX + 1)
    assert not is_front(big) and is_front(from_bytes("config.json", b"{}"))


def test_a_file_that_git_holds_is_compared_by_its_git_name() -> None:
    file = from_bytes("a", b"one")
    assert same(file, _remote(b"one", large=False)) and same(file, _remote(b"one", large=True))
    assert not same(file, _remote(b"two", large=False)) and not same(file, None)


def test_without_exact_nothing_is_deleted() -> None:
    tree = {"config.json": _remote(b"{}", large=False)}
    (commit,) = plan_commits(_local({".eval_results/a.yaml": b"x"}), tree, exact=False)
    assert commit.deletes == () and surplus([], tree) == ["config.json"]


def test_differences_say_what_is_otherwise() -> None:
    tree = {"a": _remote(b"one", large=False), "old": _remote(b"", large=False)}
    assert differences(_local({"a": b"two", "b": b"x"}), tree) == [
        "a has other bytes",
        "b is not there",
        "old is there and not here",
    ]
