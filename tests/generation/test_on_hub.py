"""on_hub.py: a mistyped name is said in one line, from what lies here, before anybody waits for the Hub."""

import socket
from pathlib import Path

import pytest

import moviellm_dataset
from moviellm.eval.tasks.parquet_rows import open_rows
from moviellm.generation.cli.app import call
from moviellm.generation.on_hub import commit_of_dataset, near_here, refuse_mistyped
from moviellm.generation.revisions import revision_of
from moviellm.training.rows.source import open_source


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the folders demo/MovieLLM-tiny and runs/tiny, and a Hub at a port nobody listens on."""
    (tmp_path / "demo" / "MovieLLM-tiny").mkdir(parents=True)
    (tmp_path / "runs" / "tiny").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", address)
    monkeypatch.setattr("huggingface_hub.hf_api.api.endpoint", address)
    monkeypatch.setattr(
        "huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", address + "/{repo_id}/resolve/{revision}/{filename}"
    )
    revision_of.cache_clear()
    return tmp_path


UNREACHED = (
    r"no folder runs/nope here, and the Hub cannot be reached to look for a dataset of that name \(ConnectError\)"
)


def test_a_folder_called_much_alike_is_named() -> None:
    assert near_here("demo/MovieLLM-tny") == "demo/ has no MovieLLM-tny; near it: MovieLLM-tiny"


@pytest.mark.parametrize("name", ["demo/films", "nowhere/MovieLLM-tny", "~no-such-user/x"])
def test_where_nothing_is_alike_nothing_is_said(name: str) -> None:
    assert near_here(name) == ""
    refuse_mistyped(name, None)


def test_what_has_a_revision_is_on_the_hub() -> None:
    refuse_mistyped("demo/MovieLLM-tny", "main")


@pytest.mark.parametrize("name", ["demo/MovieLLM-tny", "./demo/MovieLLM-tny"])
def test_the_front_door_says_what_this_says(name: str) -> None:
    assert moviellm_dataset._near(Path(name)) == near_here(name) != ""


@pytest.mark.parametrize("ask", [commit_of_dataset, moviellm_dataset.manifest_of, open_rows, open_source])
def test_a_hub_out_of_reach_is_one_sentence(ask) -> None:
    with pytest.raises(ValueError, match=UNREACHED):
        ask("runs/nope", None)


def test_a_model_that_was_mistyped_is_named_without_the_hub() -> None:
    with pytest.raises(ValueError, match="runs/ has no tniy; near it: tiny"):
        revision_of("runs/tniy")


def test_a_model_that_nobody_can_be_asked_for_is_said_to_be_no_folder() -> None:
    with pytest.raises(ValueError, match=r"no folder runs/nope here, and the Hub cannot be asked .*\(ConnectError\)"):
        revision_of("runs/nope")


@pytest.mark.parametrize(
    "arguments",
    [
        ["dataset", "check", "{}"],
        ["dataset", "show", "{}"],
        ["dataset", "export", "llava", "{}", "--out", "o"],
        ["train", "rows", "{}", "--out", "o"],
        ["eval", "run", "--data", "{}", "--model", "openai:none", "--out", "o"],
    ],
)
def test_a_mistyped_dataset_is_one_line_at_every_verb(
    arguments: list[str], capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    for name, said in [("demo/MovieLLM-tny", "near it: MovieLLM-tiny"), ("runs/nope", "no folder runs/nope here")]:
        code = call([part.format(name) for part in arguments])
        err = capsys.readouterr().err
        assert (code, err.count("\n")) == (2, 1) and said in err and caplog.records == []
