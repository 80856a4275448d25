"""Measuring a dataset as a whole, and from the command line, with a tiny random CLIP."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from moviellm.eval.keyframes import measure_keyframes
from moviellm.generation.cli.app import call
from moviellm.generation.config.measures import MeasuresConfig
from moviellm.generation.dataset.check import check_dataset
from moviellm.generation.dataset.results import read_results
from moviellm.generation.schema import Keyframe, Movie, Score
from tests.eval.painted import PaintedRun, build_painted, image
from tests.stories import make_story
from tests.tiny_clip import save_tiny_clip

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "sample" / "MovieLLM-sample"


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_clip(tmp_path_factory.mktemp("models") / "tiny-clip")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def one_colour_a_movie(movie: Movie, keyframe: Keyframe) -> bytes:
    number = int(movie.movie_id[1:])
    return image(((97 * number) % 256, (151 * number + 80) % 256, (53 * number + 160) % 256))


def values(results: Any) -> dict[str, float | None]:
    return {metric.measure: metric.value for metric in results.metrics}


def test_what_is_painted_in_one_colour_a_movie_is_alike_within_movies(tmp_path: Path, clip: Path, cache: Path) -> None:
    folder = build_painted(tmp_path / "data", one_colour_a_movie, movies=6)
    measured = measure_keyframes(str(folder), MeasuresConfig(clip_model=str(clip)), cache=cache)
    found = values(measured.results)
    assert found["style_within"] == pytest.approx(1.0, abs=1e-5)
    assert found["style_between"] < 0.99
    assert found["clip_next"] == pytest.approx(1.0, abs=1e-5)
    assert found["perceptual_next"] == pytest.approx(0.0, abs=1e-5)
    assert found["on_stage"] == 1.0
    gap = next(metric for metric in measured.results.metrics if metric.measure == "style_gap")
    assert gap.low is not None and 0.0 < gap.low < gap.high
    assert len(measured.by_movie[gap.name]) == gap.movies == 6


def test_the_sample_is_measured_from_the_command_line(
    tmp_path: Path, clip: Path, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "sample"
    shutil.copytree(SAMPLE, folder)
    shards = {path: path.read_bytes() for path in folder.rglob("*.parquet")}
    arguments = ["measure", str(folder), "--model", str(clip), "--cache", str(cache)]
    assert call([*arguments, "--movies", str(tmp_path / "movies.json")]) == 0
    assert "clip_caption_image@tiny-clip@" in capsys.readouterr().out
    results = read_results(folder)
    assert results is not None
    assert {metric.model for metric in results.metrics} == {"tiny-clip", None}
    assert all(metric.value is not None for metric in results.metrics)
    assert {path: path.read_bytes() for path in folder.rglob("*.parquet")} == shards
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert card.count("## How good are the pictures?") == 1
    assert f"{values(results)['style_gap']:.4f}" in card
    assert list(check_dataset(folder)) == list(check_dataset(SAMPLE))
    assert set(json.loads((tmp_path / "movies.json").read_text())) == {
        metric.name for metric in results.metrics if metric.movies
    }
    before = (folder / "results.json").read_bytes(), (folder / "manifest.json").read_bytes()
    assert call(arguments) == 0
    assert ((folder / "results.json").read_bytes(), (folder / "manifest.json").read_bytes()) == before


def test_results_go_to_a_file_on_request_and_the_dataset_stays(
    tmp_path: Path, clip: Path, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "results.json"
    code = call(["measure", str(SAMPLE), "--model", str(clip), "--cache", str(cache), "--out", str(out), "--json"])
    assert code == 0
    assert json.loads(capsys.readouterr().out)["metrics"] == json.loads(out.read_text())["metrics"]


def scored(movie: Movie) -> Movie:
    """Its pictures were chosen with a/clip."""
    score = Score(name="text_image", value=0.3, measured_by="a/clip@0123")

    def scene(one: Any) -> Any:
        keyframes = tuple(keyframe.model_copy(update={"scores": (score,)}) for keyframe in one.keyframes)
        return one.model_copy(update={"keyframes": keyframes})

    chapters = tuple(
        chapter.model_copy(update={"scenes": tuple(scene(one) for one in chapter.scenes)})
        for chapter in movie.chapters
    )
    return movie.model_copy(update={"chapters": chapters})


def test_who_chose_the_pictures_does_not_measure_them(
    tmp_path: Path, clip: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from moviellm.cards.dataset_card import render
    from moviellm.generation.config.recipe import Recipe
    from moviellm.generation.export import build_dataset
    from moviellm.generation.pictures.scorers import open_scorer

    run = PaintedRun([scored(make_story(0))], one_colour_a_movie)
    build_dataset(run, tmp_path / "data", Recipe(), run_seed=0, render_readme=render)
    other = open_scorer(str(clip), device="cpu")
    measure_keyframes(str(tmp_path / "data"), MeasuresConfig(clip_model=str(clip)), cache=cache)  # another: allowed
    other.model_id = "a/clip"
    monkeypatch.setattr("moviellm.eval.keyframes.open_model", lambda *_, **__: other)
    with pytest.raises(ValueError, match="a/clip: the pictures were chosen .* with this model"):
        measure_keyframes(str(tmp_path / "data"), MeasuresConfig(clip_model=str(clip)), cache=cache)


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["org/name"], "--out FILE"),
        ([str(SAMPLE), "--revision", "1.0.0"], "is a folder and has no revision"),
        ([str(SAMPLE), "--set", "seed=3"], "only measures.* can be set"),
        ([str(SAMPLE), "--set", "measures.clip_modle=x"], "did you mean measures.clip_model"),
        ([str(SAMPLE), "--set", "measures.style_model=no.safetensors"], "no file no.safetensors"),
        ([str(ROOT)], "is no dataset folder"),
    ],
)
def test_what_cannot_be_measured_is_said_on_one_line(
    arguments: list[str], what: str, clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(["measure", *arguments, "--model", str(clip), "--cache", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert what in said
    assert said.count("\n") == 1


def test_the_manifest_of_a_dataset_on_the_hub_is_read_at_its_revision(monkeypatch: pytest.MonkeyPatch) -> None:
    from moviellm.eval.pictures import manifest_of

    asked: list[object] = []

    def download(repo_id: str, name: str, *, repo_type: str, revision: str | None) -> str:
        asked.append((repo_id, name, repo_type, revision))
        return str(SAMPLE / name)

    monkeypatch.setattr("moviellm_dataset.load", lambda *_, **__: None)
    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    assert manifest_of("org/name", "1.0.0") == manifest_of(str(SAMPLE))
    assert asked == [("org/name", "manifest.json", "dataset", "1.0.0")]
