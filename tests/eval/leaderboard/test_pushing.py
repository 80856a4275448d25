"""The pushed Space: all that the page needs lies in it, nothing of ours has to be installed, and it is sent once."""

import ast
import json
import sys
from pathlib import Path

import pytest
import yaml

from moviellm.eval.leaderboard import board, entries
from moviellm.eval.leaderboard.pushing import REQUIRED, START, Wish, module_path, needed, space_files
from moviellm.eval.leaderboard.space import wish_of
from moviellm.generation.cli.app import call
from tests.hub import hub, hub_here  # noqa: F401 fixtures
from tests.servers.hub_double import Hub

WISH = Wish(results="moviellm/results", requests="moviellm/requests", bench="moviellm/bench", per_day=3)
NAMES = ["--results", WISH.results, "--requests", WISH.requests, "--bench", WISH.bench]
ELSEWHERE = {"av", "aiohttp", "evaluate", "httpx2", "openai", "torch", "transformers", "moviellm_dataset"}
"""Imported inside functions that the page does not call."""


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return space_files(WISH)


def test_the_readme_says_what_the_hub_asks_of_a_space(files: dict[str, bytes]) -> None:
    facts = yaml.safe_load(files["README.md"].decode().split("---\n")[1])
    wanted = {"sdk": "gradio", "app_file": "app.py", "hf_oauth": True, "license": "apache-2.0"}
    assert facts == {**facts, **wanted}
    assert f"gradio[oauth]=={facts['sdk_version']}\n" in files["requirements.txt"].decode()
    assert len(facts["short_description"]) <= 60 and "leaderboard" in facts["tags"]
    assert facts["datasets"] == ["moviellm/bench", "moviellm/results"]


def test_every_module_that_is_imported_anywhere_is_there_or_known(files: dict[str, bytes]) -> None:
    for path, data in files.items():
        if not path.endswith(".py"):
            continue
        for node in ast.walk(ast.parse(data)):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                top = name.split(".")[0]
                if top == "moviellm":
                    place = name.replace(".", "/")
                    known = f"{place}.py" in files or any(other.startswith(f"{place}/") for other in files)
                    assert known, f"{path} imports {name}"
                else:
                    assert top in {*sys.stdlib_module_names, *REQUIRED, *ELSEWHERE}, f"{path} imports {name}"


def test_what_is_imported_when_the_page_opens_is_required(files: dict[str, bytes]) -> None:
    """Followed from module to module by what stands at their beginnings."""
    seen: set[str] = set()
    foreign: dict[str, str] = {}
    waiting = [f"moviellm.{name}" for name in START]
    while waiting:
        name = waiting.pop()
        path = module_path(name)
        if path is None or name in seen:
            continue
        seen.add(name)
        for node in ast.parse(path.read_bytes()).body:
            mine = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            mine += [f"{node.module}.{alias.name}" for alias in node.names] if isinstance(node, ast.ImportFrom) else []
            mine += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            waiting += mine
            foreign |= {one.split(".")[0]: name for one in mine if not one.startswith("moviellm")}
    assert {top: name for top, name in foreign.items() if top not in {*sys.stdlib_module_names, *REQUIRED}} == {}


def test_the_page_reads_the_files_that_the_worker_writes() -> None:
    for name in ("RESULTS", "BASELINES", "ENTRY", "ITEMS", "TRANSCRIPTS"):
        assert getattr(board, name) == getattr(entries, name)


def test_templates_style_and_tables_of_words_lie_beside_their_modules(files: dict[str, bytes]) -> None:
    for name in (
        "leaderboard/board.html.j2",
        "leaderboard/leaderboard.js",
        "leaderboard/leaderboard.css",
        "tasks/tasks.yaml",
    ):
        assert files[f"moviellm/eval/{name}"]
    assert files["moviellm/eval/judging/injections.yaml"]


def test_the_space_holds_no_worker_and_no_labels(files: dict[str, bytes]) -> None:
    assert not [name for name in needed() if name.endswith((".worker", ".score_verb", ".judged"))]


def test_the_space_opens_what_it_was_pushed_for(
    tmp_path: Path, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "leaderboard.json").write_bytes(files["leaderboard.json"])
    wish = wish_of(tmp_path)
    assert (wish.results, wish.requests, wish.bench, wish.per_day, wish.on_hub) == (*NAMES[1::2], 3, False)
    monkeypatch.setenv("SPACE_ID", "moviellm/leaderboard")
    assert wish_of(tmp_path).on_hub


def test_a_push_is_a_space_and_a_second_one_sends_nothing(hub_here: Hub, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    arguments = ["leaderboard", "push", "--space", "moviellm/board", *NAMES, "--json"]
    assert call(arguments) == 0
    assert {"app.py", "README.md", "requirements.txt", "leaderboard.json"} <= set(
        hub_here.tree("moviellm/board", "space")
    )
    capsys.readouterr()
    assert call(arguments) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "already there"


def test_a_dry_run_pushes_nothing(hub_here: Hub, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    assert call(["leaderboard", "push", "--space", "moviellm/board", *NAMES, "--dry-run"]) == 0
    assert "would be pushed" in capsys.readouterr().out
    assert ("space", "moviellm/board") not in hub_here.store.repos


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (NAMES, "give --space ORG/NAME"),
        (["--space", "moviellm/board", *NAMES[:-1], "no name"], "no name"),
        (["--out", "space", *NAMES, "--per-day", "0"], "1 or more a day"),
    ],
)
def test_what_cannot_be_pushed_is_refused(arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["leaderboard", "push", *arguments]) == 2
    assert told in capsys.readouterr().err
