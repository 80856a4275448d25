"""hub_copy.py: a dataset on the Hub is checked at one commit, and what is not there is one line."""

import json
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from moviellm.generation.cli.app import call
from moviellm.generation.dataset.hub_copy import local_copy
from tests.hub import hub, hub_here  # noqa: F401 fixtures
from tests.servers.hub_double import Hub
from tests.stories import build, make_story

REPO = "moviellm/films"


@pytest.fixture
def films(hub_here: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hub:  # noqa: F811
    """A dataset with the tag v1.0.0, and a README without licence after it."""
    monkeypatch.setattr("moviellm.generation.dataset.checks.readme._check_loading", lambda *given: iter(()))
    out = tmp_path / "dataset"
    build(out, [make_story(0, chapters=1, scenes=1)])
    files = {str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()}
    hub_here.write(REPO, files)
    HfApi().create_tag(REPO, tag="v1.0.0", repo_type="dataset")
    hub_here.write(REPO, {"README.md": b"# no front matter\n"})
    return hub_here


def check(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict]:
    code = call(["dataset", "check", REPO, *arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_a_tag_is_checked_as_it_was(films, capsys):
    code, said = check(capsys, "--revision", "v1.0.0")
    assert (code, said["findings"]) == (0, [])


def test_the_newest_state_is_checked_without_a_revision(films, capsys):
    code, said = check(capsys)
    assert code == 1 and said["findings"][0]["where"] == "README.md"


def test_the_report_says_which_commit_was_checked(films, capsys):
    commit = HfApi().dataset_info(REPO, revision="v1.0.0").sha
    assert check(capsys, "--revision", "v1.0.0")[1]["checked"] == f"{REPO}@{commit[:12]}"


def test_a_second_check_downloads_nothing(films):
    local_copy(REPO, "v1.0.0")
    before = films.count("GET /datasets")
    local_copy(REPO, "v1.0.0")
    assert films.count("GET /datasets") == before


@pytest.mark.parametrize(
    ("source", "revision", "said"),
    [
        (REPO, "v9", "moviellm/films has no revision 'v9'"),
        ("moviellm/none", None, "no dataset on the Hub is called moviellm/none"),
        ("nowhere", None, "a dataset on the Hub is called org/name"),
        ("./nowhere/x", None, "no dataset folder ./nowhere/x"),
        ("../x", None, "no dataset folder ../x"),
        ("a/b/c", None, "no dataset folder a/b/c"),
    ],
)
def test_what_is_not_there_is_one_line(films, capsys, source, revision, said):
    with pytest.raises(ValueError, match=said.replace(".", r"\.")):
        local_copy(source, revision)
    assert call(["dataset", "check", source, *(["--revision", revision] if revision else [])]) == 2


def test_a_hub_that_fails_is_one_line(films, capsys):
    films.fail("GET /api/datasets", 99, 500)
    assert call(["dataset", "check", REPO]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "cannot be fetched from the Hub" in line
