"""Files that appear whole or not at all."""

import os
from pathlib import Path

import pytest

from moviellm.generation.files import DiskError, write_whole


def test_the_file_is_there_and_no_other(tmp_path: Path) -> None:
    write_whole(tmp_path / "a" / "b.txt", b"text")
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["b.txt"]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "b.txt"
    path.write_bytes(b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskError, match="no space left while writing .*b.txt; free space and run the same command"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["b.txt"]


def test_a_file_is_copied_whole(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"abc")
    write_whole(tmp_path / "deep" / "copy", tmp_path / "large")
    assert (tmp_path / "deep" / "copy").read_bytes() == b"abc"
