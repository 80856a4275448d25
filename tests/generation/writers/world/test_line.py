"""The whole line over HTTP: a model proposes, the offline painter draws, every answer is exact, no call twice."""

import json

import pytest
import yaml

from moviellm.generation.cli.app import call
from moviellm.generation.runs.tables import RunReader
from tests.generation.studio.independent import Film, disagreement, form_of
from tests.generation.writers.worlds import recipe
from tests.servers.openai_double import openai_double
from tests.servers.world_answers import world_answers


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A run of two movies, and the double that it asked."""
    folder = tmp_path_factory.mktemp("world")
    asked = recipe(
        themes=["a lighthouse keeper finds a map", "the broken clock"],
        story={"chapters": 2, "scenes": 1, "keyframes": 2},
        image={"width_px": 128, "height_px": 72, "quality": 50},
        llm={"model": "double", "rewrite": True},
        engine={"workers": 1},
    )
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(asked.model_dump(mode="json")), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch, openai_double(answers=world_answers(0.3)) as double:
        patch.setenv("OPENAI_BASE_URL", double.base_url)
        patch.setenv("OPENAI_API_KEY", "sk-secret-0123456789")
        command = ["make", "--recipe", str(path), "--out", str(folder / "run"), "--no-films"]
        assert call(command) == 0
        yield folder, command, double


def test_the_second_reader_agrees_on_every_question(made):
    folder, _, _ = made
    movies = list(RunReader(folder / "run").movies())
    asked = [(Film(movie), question) for movie in movies for question in movie.qa_pairs or () if form_of(question)]
    assert (len(movies), len(asked) > 20) == (2, True)
    assert [why for film, question in asked if (why := disagreement(film, question))] == []


def test_the_offline_painter_draws_everything(made):
    folder, _, _ = made
    frames = [frame for movie in RunReader(folder / "run").movies() for frame in movie.keyframes()]
    assert all(frame.image_sha256 for frame in frames)
    assert not any(frame.not_drawn for frame in frames)


def test_a_second_run_asks_nothing(made):
    _, command, double = made
    before = sum(double.calls.values())
    assert call(command) == 0
    assert sum(double.calls.values()) == before > 0


def test_the_run_and_its_dataset_pass_their_checks(made):
    folder, _, _ = made
    assert call(["check", str(folder / "run")]) == 0
    assert call(["dataset", "build", str(folder / "run"), "--out", str(folder / "data")]) == 0
    assert call(["dataset", "check", str(folder / "data")]) == 0


def test_no_file_holds_the_key(made):
    folder, _, _ = made
    files = [path for path in (folder / "run").rglob("*") if path.is_file()]
    assert not any(b"sk-secret" in path.read_bytes() for path in files)


def test_the_plan_counts_without_asking(made, capsys):
    _, command, double = made
    before = sum(double.calls.values())
    assert call([*command, "--dry-run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["to_make"] == 0
    assert sum(double.calls.values()) == before
