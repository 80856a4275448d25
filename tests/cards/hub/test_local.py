"""local.py: which files of a folder go out, and what is refused before anything is sent."""

import hashlib
import os
import pickle
from pathlib import Path

import pytest

from moviellm.cards.hub import local
from moviellm.cards.hub.local import LocalFile, check_files, dataset_files, folder_paths, from_bytes, read_files
from moviellm.generation.dataset.folder import MANIFEST, ManifestFile, read_manifest
from tests.cards.hub_folders import content, make_folder


def test_what_the_manifest_lists_goes_out_and_nothing_else(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "films")
    listed = content(folder)
    (folder / "notes.txt").write_text("mine")
    files = dataset_files(folder, read_manifest(folder))
    assert {file.path: file.sha256 for file in files} == listed
    assert MANIFEST in {file.path for file in files}


def test_every_byte_that_is_hashed_is_reported(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "films")
    seen: list[int] = []
    dataset_files(folder, read_manifest(folder), seen.append)
    assert sum(seen) == sum(file.bytes for file in read_manifest(folder).files)


def test_a_file_with_other_bytes_is_refused(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "films")
    (folder / "qa/train-00001-of-00005.parquet").write_bytes(b"other")
    with pytest.raises(ValueError, match=r"other bytes in qa/train-00001-of-00005\.parquet; .*dataset check"):
        dataset_files(folder, read_manifest(folder))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "films")
    (folder / "features.json").unlink()
    with pytest.raises(ValueError, match=r"lacks features\.json"):
        dataset_files(folder, read_manifest(folder))


@pytest.mark.parametrize("path", ["../secret", "/etc/hostname", "qa/../../secret", "./README.md", "a\\b"])
def test_a_path_that_leads_out_of_the_folder_is_refused(tmp_path: Path, path: str) -> None:
    folder = make_folder(tmp_path / "films")
    (tmp_path / "secret").write_text("secret")
    manifest = read_manifest(folder)
    hostile = ManifestFile(path=path, sha256="0" * 64, bytes=6)
    with pytest.raises(ValueError, match="leads out of"):
        dataset_files(folder, manifest.model_copy(update={"files": (*manifest.files, hostile)}))


def test_a_link_is_refused_wherever_it_leads(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "films")
    (tmp_path / "elsewhere").mkdir()
    os.rename(folder / "qa", tmp_path / "elsewhere/qa")
    (folder / "qa").symlink_to(tmp_path / "elsewhere/qa")
    with pytest.raises(ValueError, match="is a link"):
        dataset_files(folder, read_manifest(folder))
    with pytest.raises(ValueError, match="is a link"):
        read_files(folder, folder_paths(folder))


def test_a_folder_goes_out_without_caches_and_what_is_left_out(tmp_path: Path) -> None:
    for path in ("a.txt", "b/c.txt", ".git/config", "b/__pycache__/c.pyc", ".cache/huggingface/x", "checkpoint-1/a"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("x")
    assert folder_paths(tmp_path, ["checkpoint-*", "none"]) == ["a.txt", "b/c.txt"]
    with pytest.raises(ValueError, match="no file that could be pushed"):
        folder_paths(tmp_path, ["*"])
    with pytest.raises(ValueError, match="is no folder"):
        folder_paths(tmp_path / "nowhere")


def test_git_knows_a_file_by_the_same_name() -> None:
    assert from_bytes("a", b"hello\n").blob() == "ce013625030ba8dba906f756967f9e9ca394464a"


def test_a_file_that_changed_since_it_was_hashed_is_not_sent(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("one")
    (file,) = read_files(tmp_path, ["a"])
    file.check_unchanged()
    (tmp_path / "a").write_text("two")
    os.utime(tmp_path / "a", ns=(0, 0))
    with pytest.raises(ValueError, match="changed while it was pushed"):
        file.check_unchanged()


def _many(count: int, pattern: str) -> list[LocalFile]:
    return [LocalFile(pattern.format(number), b"", hashlib.sha256(b"").hexdigest(), 0) for number in range(count)]


def test_ten_thousand_entries_in_a_folder_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    assert local.FOLDER_ENTRIES == 10_000
    monkeypatch.setattr(local, "FOLDER_ENTRIES", 100)
    check_files(_many(99, "qa/{}.json"))
    with pytest.raises(ValueError, match="100 entries in qa"):
        check_files(_many(100, "qa/{}.json"))
    with pytest.raises(ValueError, match="100 entries in the folder"):
        check_files(_many(100, "{}/a.json"))


def test_a_hundred_thousand_files_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "REPO_FILES", 100)
    with pytest.raises(ValueError, match="must stay below 100"):
        check_files(_many(100, "{}"))


def test_a_path_that_is_listed_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="a: listed more than once"):
        check_files(_many(2, "a"))


def test_a_huge_file_is_refused_and_a_large_one_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "FILE_BYTES_MAX", 1000)
    monkeypatch.setattr(local, "FILE_BYTES_ADVISED", 100)
    (said,) = check_files([from_bytes("a.parquet", b"\0" * 101)])
    assert "a.parquet: more than the advised" in said
    with pytest.raises(ValueError, match=r"a\.parquet: .* write smaller shards"):
        check_files([from_bytes("a.parquet", b"\0" * 1000)])


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        (
            "config.json",
            '{"a": 1,\n "token": "hf_' + "a" * 34 + '"}',
            r"config\.json, line 2, .*secret \(hf_a\.\.\.\)",
        ),
        ("log.txt", "key sk-" + "b" * 40, "secret"),
        ("notes.md", "-----BEGIN RSA PRIVATE KEY-----", "secret"),
        (".env", "A=1", "file of secrets"),
        ("app/.env.local", "A=1", "file of secrets"),
        ("id_ed25519", "x", "file of secrets"),
    ],
)
def test_what_looks_like_a_secret_does_not_leave(path: str, text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        check_files([from_bytes(path, text.encode())])
    assert "aaaa" not in str(caught.value)


def test_words_that_only_begin_like_a_secret_leave() -> None:
    text = "hf_hub_download and risk-averse, ask-me-anything-about-the-lighthouse-keeper, sk-short"
    assert check_files([from_bytes("README.md", text.encode())]) == []


@pytest.mark.parametrize("path", ["training_args.bin", "optimizer.pt", "model.pkl", "rng_state.pth"])
def test_a_pickle_does_not_leave(path: str) -> None:
    with pytest.raises(ValueError, match="safetensors"):
        check_files([from_bytes(path, pickle.dumps({"a": 1}))])


def test_a_bin_file_that_is_no_pickle_leaves() -> None:
    assert check_files([from_bytes("vocabulary.bin", b"\0\1\2\3")]) == []
