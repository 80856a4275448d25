"""Which place is a bucket, and what is said of one that is none."""

from pathlib import Path

import pytest

from moviellm.generation.cli.app import call
from moviellm.generation.runs.address import bucket_of, shown


@pytest.mark.parametrize(
    ("text", "scheme", "root"),
    [
        ("s3://films/run", "s3", "films/run"),
        ("s3://films/a/b/run/", "s3", "films/a/b/run"),
        ("gs://films/run", "gs", "films/run"),
        ("hf://buckets/ada/films/run", "hf", "buckets/ada/films/run"),
    ],
)
def test_an_address_is_read_also_from_a_path(text: str, scheme: str, root: str) -> None:
    for place in (text, Path(text)):
        url = bucket_of(place)
        assert url is not None
        assert (url.scheme, url.root) == (scheme, root)
        assert shown(place) == f"{scheme}://{root}"


@pytest.mark.parametrize("text", ["runs/one", "/tmp/one", "s3", "./s3:x", "a b/c", "C:/runs"])
def test_a_folder_is_no_bucket(text: str) -> None:
    assert bucket_of(Path(text)) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ftp://films/run", "no store 'ftp'"),
        ("gcs://films/run", "no store 'gcs'"),
        ("s3://films", "names no run"),
        ("s3://films/../other", "names no run"),
        ("hf://ada/films/run", "names no run"),
        ("hf://buckets/ada/films", "names no run"),
    ],
)
def test_an_address_that_names_no_run_is_refused_with_what_is_allowed(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as error:
        bucket_of(Path(text))
    assert "s3://BUCKET/RUN" in str(error.value)


@pytest.mark.parametrize(
    "arguments",
    [
        ["view", "s3://films/run"],
        ["gc", "s3://films/run"],
        ["run", "tiny", "--out", "s3://films/run"],
        ["dataset", "build", "runs/one", "--out", "s3://films/data"],
        ["dataset", "reproduce", "release-1.0", "--out", "s3://films/run"],
        ["make", "x", "--out", "s3://films/run", "--part", "1/2"],
    ],
    ids=lambda arguments: arguments[0] if isinstance(arguments, list) else None,
)
def test_a_verb_that_takes_no_bucket_says_so_and_makes_no_folder(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call(arguments) == 2
    assert "s3://films/" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
