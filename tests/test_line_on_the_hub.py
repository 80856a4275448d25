"""`moviellm run --to`: the whole line on a Hub, each part made from what was pushed; and what it refuses at once."""

import json
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from moviellm.eval.bench.leaks import label_leaks
from moviellm.generation.cli.app import call
from moviellm.generation.line.parts import BASELINES
from tests.hub import CLI, hub, hub_here, run_cli, start_python  # noqa: F401 fixtures
from tests.servers.hub_double import Hub

SMALL = ["story.chapters=1", "story.scenes=2", "story.keyframes=2", "questions.per_movie=6"]
NAME = "moviellm/MovieLLM-tiny"
PUBLIC = {NAME, f"{NAME}-model", f"{NAME}-Bench", f"{NAME}-leaderboard"}
MOST_S = 3000.0
"""Longest line, on a machine that is busy with other tests."""
PRIVATE = {f"{NAME}-Bench-labels", f"{NAME}-requests", f"{NAME}-results"}


@pytest.mark.slow
def test_the_whole_line_ends_on_the_hub_and_tells_no_label(hub: Hub, tmp_path: Path) -> None:  # noqa: F811
    demo, home = tmp_path / "demo", tmp_path / "home"
    recipe = (files("moviellm.training.recipes") / "tiny.yaml").read_text(encoding="utf-8")
    (tmp_path / "short.yaml").write_text(recipe.replace("max_steps: 40", "max_steps: 2"), encoding="utf-8")
    line = ["run", "tiny", "--out", str(demo), "--to", "moviellm", "--train", str(tmp_path / "short.yaml")]
    line += ["--set", *SMALL]
    _run(hub, home, *line)
    repos = {name: repo for (_, name), repo in hub.store.repos.items()}
    assert {name for name, repo in repos.items() if repo.private} == PRIVATE
    assert {name for name, repo in repos.items() if not repo.private} == PUBLIC

    _check_no_label(hub, demo, tmp_path)
    _check_numbers(hub, home, demo, tmp_path)
    written = [*hub.log]
    _run(hub, home, *line)
    again = [one.line for one in hub.log[len(written) :] if one.method not in ("GET", "HEAD")]
    assert not [line for line in again if "/commit/" in line or "/_objects/" in line], "a second run sends nothing"


def _run(hub: Hub, home: Path, *arguments: str) -> None:  # noqa: F811
    process = start_python(hub, home, CLI, *arguments)
    try:
        _, said = process.communicate(timeout=MOST_S)
    finally:
        process.kill()
    assert process.returncode == 0, said[-4000:]


def _check_numbers(hub: Hub, home: Path, demo: Path, place: Path) -> None:  # noqa: F811
    """The row has the numbers of `eval run` on the same predictions; baselines stand beside it."""
    results = _files(hub, f"{NAME}-results")
    (row,) = (json.loads(data) for path, data in results.items() if path.endswith("/entry.json"))
    told = ["--model", f"replay:{demo}/scores/test/predictions.jsonl", "--data", f"{demo}/benchmark/bench/private"]
    run_cli(hub, home, "eval", "run", *told, "--tasks", "all", "--controls", "none", "--out", str(place / "again"))
    again = json.loads((place / "again/results.json").read_text())["tasks"]
    assert row["tasks"] and {name: task["metrics"] for name, task in row["tasks"].items()} == {
        name: again[name]["metrics"] for name in row["tasks"]
    }
    assert row["model"]["id"] == f"{NAME}-model" and row["model"]["revision"] == _commit(hub, f"{NAME}-model", "model")
    assert row["benchmark_revision"] == _commit(hub, f"{NAME}-Bench", "dataset")
    baselines = {path.split("/")[1].removesuffix(".json") for path in results if path.startswith("baselines/")}
    assert baselines == {"random", "majority", "oracle", *BASELINES.split(",")}


_TIMES = re.compile(r"[Ff]rom [\d.]+ to [\d.]+ seconds\.")
"""An answer that any other movie may have too."""


def _check_no_label(hub: Hub, demo: Path, place: Path) -> None:  # noqa: F811
    """No public file, and none of the results, holds an answer of test or the seed that it can be made from."""
    private = demo / "benchmark/bench/private"
    public = place / "public"
    for path, data in _files(hub, f"{NAME}-Bench").items():
        (public / path).parent.mkdir(parents=True, exist_ok=True)
        (public / path).write_bytes(data)
    assert list(label_leaks(public, private)) == []
    answers = {text.casefold() for text in _answers(private) if len(text) >= 25 and not _TIMES.fullmatch(text)}
    assert len(answers) > 20
    seed = str(json.loads((demo / "line.json").read_text())["benchmark_seed"]).encode()
    for name in sorted(PUBLIC | PRIVATE - {f"{NAME}-Bench-labels"}):
        for path, data in _files(hub, name).items():
            assert seed not in data, f"{name}: {path} tells the seed"
            if not path.endswith((".parquet", ".mp4")):
                text = data.decode("utf-8", errors="ignore").casefold()
                assert not [one for one in answers if one in text], f"{name}: {path}"


def _answers(private: Path) -> Iterator[str]:
    for config, column in (("qa", "answer"), ("events", "caption")):
        for path in (private / config).glob("test-*.parquet"):
            yield from filter(None, pq.read_table(path)[column].to_pylist())


def _files(hub: Hub, name: str) -> dict[str, bytes]:  # noqa: F811
    ((_, repo),) = ((key, repo) for key, repo in hub.store.repos.items() if key[1] == name)
    return {path: entry.data for path, entry in repo.tree("main").items()}


def _commit(hub: Hub, name: str, kind: str) -> str:  # noqa: F811
    return str(hub.store.repos[kind, name].tags["v1.0.0"])  # type: ignore[index]


@pytest.mark.parametrize(
    ("token", "owner", "said"),
    [
        ("", "moviellm", "no token for the Hub"),
        ("hf_wrong", "moviellm", "does not know this token"),
        ("hf_reader", "moviellm", "may only read"),
        ("hf_writer", "strangers", "is not a member of strangers"),
        ("hf_writer", "not a name", "is no name on the Hub"),
    ],
)
def test_what_could_not_be_pushed_is_refused_before_anything_is_made(
    hub_here: Hub,  # noqa: F811
    token: str,
    owner: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    assert call(["run", "tiny", "--out", str(tmp_path / "demo"), "--to", owner]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "demo").exists() and not hub_here.store.repos


def test_answers_never_go_where_anybody_may_read_them(
    hub_here: Hub,  # noqa: F811
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    hub_here.write(f"{NAME}-Bench-labels", {"README.md": b"---\n---\n"})
    assert call(["run", "tiny", "--out", str(tmp_path / "demo"), "--to", "moviellm"]) == 2
    assert f"{NAME}-Bench-labels is public, and must not be" in capsys.readouterr().err
    assert not (tmp_path / "demo").exists()
