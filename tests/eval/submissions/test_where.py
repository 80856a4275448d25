"""A folder that is there, or a dataset on the Hub: the same text is the same for every verb."""

from pathlib import Path

import pytest

from moviellm.eval.submissions.where import folder_of, is_hub_name


def test_a_folder_that_is_there_is_the_folder_whatever_it_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "org/requests").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert folder_of("org/requests", "--to") == Path("org/requests")


@pytest.mark.parametrize("text", ["org/requests", "org/labels@v1.0.0", "org/labels@refs/pr/1"])
def test_a_name_that_is_no_folder_is_the_hubs(text: str) -> None:
    assert is_hub_name(text) and folder_of(text, "--to") is None


@pytest.mark.parametrize("text", ["requests", "a/b/c", "./org/requests", "../a", "/a/b", "~/a", "~/a/b"])
def test_what_is_neither_is_refused_and_says_what_is_taken(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    with pytest.raises(ValueError, match="--to .*: there is no such folder; give a folder, or ORG/NAME on the Hub"):
        folder_of(text, "--to")
