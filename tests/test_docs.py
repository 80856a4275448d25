"""The documents tell the truth: README commands parse or run, the tree names every file, recipes' keys exist."""

import json
import re
import shlex
from pathlib import Path

import pytest
import yaml

from moviellm.generation.config.recipe import recipe_from

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = ["README.md", "CONTRIBUTING.md", "AGENTS.md", "CHANGELOG.md"]


def _blocks(language: str, text: str = README) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def _commands() -> list[str]:
    lines = [line for block in _blocks("bash") for line in block.splitlines()]
    return [line.split("  #")[0].strip() for line in lines if line.startswith("moviellm ")]


def test_the_first_code_in_the_readme_is_load_dataset() -> None:
    first = re.search(r"```(\w+)\n(.*?)```", README, re.DOTALL)
    assert first is not None
    assert first[1] == "python"
    assert "load_dataset(" in first[2]


@pytest.mark.parametrize("block", _blocks("python"))
def test_the_readmes_python_runs(block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path))
    monkeypatch.chdir(ROOT)
    exec(compile(block, "README.md", "exec"), {})


def test_the_readme_shows_the_five_commands_of_the_line() -> None:
    verbs = [" ".join(shlex.split(command)[1:3]) for command in _commands()]
    line = ["make a", "view run", "check run", "dataset build", "dataset check"]
    firsts = [verb if verb.startswith("dataset") else verb.split()[0] for verb in verbs]
    assert [item if item.startswith("dataset") else item.split()[0] for item in line] == firsts[: len(line)]


@pytest.mark.parametrize("command", _commands())
def test_every_command_in_the_readme_parses(command: str) -> None:
    assert _parses(shlex.split(command)[1:]), command


def _parses(arguments: list[str]) -> bool:
    """Whether the command line takes the arguments. Its verbs are replaced by one that does nothing."""
    from unittest import mock

    from moviellm.generation.cli import app, options

    with mock.patch.object(options, "verbs", return_value=mock.MagicMock()):
        return app.call(arguments) == 0


def test_a_wrong_command_does_not_parse() -> None:
    assert not _parses(["make", "a key", "--colour", "red"])


@pytest.mark.parametrize("block", _blocks("yaml"))
def test_the_readmes_recipe_is_one(block: str) -> None:
    assert recipe_from(yaml.safe_load(block)).themes


def test_the_readme_counts_the_words_that_a_theme_can_use() -> None:
    world = yaml.safe_load((ROOT / "generation/studio/grammar/world.yaml").read_text(encoding="utf-8"))
    assert f"{len(world['places'])} places, {len(world['objects'])} objects" in README


def _tree() -> dict[str, str]:
    """Path -> comment, from the tree of docs/tree.md; two spaces a level."""
    (block,) = _blocks("text", (ROOT / "docs/tree.md").read_text(encoding="utf-8"))
    entries: dict[str, str] = {}
    folders: list[str] = []
    for line in block.splitlines():
        match = re.fullmatch(r"( *)(\S+)\s+(\S.*)", line)
        assert match, f"a line of the tree has no comment: {line!r}"
        depth = len(match[1]) // 2
        folders = [*folders[:depth], match[2]]
        entries["".join(folders)] = match[3]
    return entries


def test_the_tree_names_every_module_once() -> None:
    rooms = ("generation", "cards", "training", "eval")
    paths = [path for room in rooms for path in (ROOT / room).rglob("*.py") if path.name != "__init__.py"]
    modules = {path.relative_to(ROOT).as_posix() for path in paths} | {"moviellm_dataset.py"}
    assert {path for path in _tree() if path.endswith(".py")} == modules


def test_everything_the_tree_names_exists() -> None:
    assert [path for path in _tree() if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_to_files_lead_somewhere(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    targets = [t for t in re.findall(r"\]\(([^)#]+)", text) if not t.startswith(("http", "mailto"))]
    assert [target for target in targets if not (ROOT / target).exists()] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_make_targets_that_documents_name_exist(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    targets = set(re.findall(r"`make ([a-z-]+)`", text)) | set(re.findall(r"^make ([a-z-]+)", text, re.MULTILINE))
    defined = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert targets <= defined


def test_the_changelog_begins_with_what_is_not_released() -> None:
    assert (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()[2] == "## Unreleased"


def test_the_time_of_the_line_is_the_measured_one() -> None:
    facts = json.loads((ROOT / "benchmarks/results/whole_line.json").read_text(encoding="utf-8"))
    assert f"it took {sum(facts['seconds'].values()):.0f} s on {facts['cores']} idle cores" in README
