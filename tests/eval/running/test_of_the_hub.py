"""A dataset on the Hub is asked about at the commit that its tag names."""

import json
from pathlib import Path

import pytest

from moviellm.cards.publish import publish_dataset
from moviellm.eval.running.films import Showing, frame_policy
from moviellm.eval.tasks.items import open_data
from moviellm.generation.cli.app import call
from tests.eval.running.movies import gold_texts
from tests.eval.running.test_planning import plan_of
from tests.hub import hub, hub_here  # noqa: F401 fixtures
from tests.servers.hub_double import Hub


@pytest.mark.slow
def test_a_tag_is_pinned_to_its_commit(
    hub_here: Hub,  # noqa: F811
    films: Path,
    tmp_path: Path,
) -> None:
    publish_dataset(films, "moviellm/films", version="1.0.0")
    (tmp_path / "gold.json").write_text(json.dumps(gold_texts(films)), encoding="utf-8")
    arguments = ["--model", f"replay:{tmp_path / 'gold.json'}", "--data", "moviellm/films", "--revision", "v1.0.0"]
    assert call(["eval", "run", *arguments, "--tasks", "qa_mc", "--out", str(tmp_path / "out")]) == 0
    told = json.loads((tmp_path / "out" / "results.json").read_bytes())["data"]
    assert (told["dataset"], told["revision"], len(told["commit"])) == ("moviellm/films", "v1.0.0", 40)
    data = open_data("moviellm/films", split="test", revision="v1.0.0")
    film = Showing(data, frame_policy(2, None)).movie("m00001").shown("none").film()
    assert len(film) == 2 and film.frames[0].size == (64, 36)


@pytest.mark.slow
def test_a_plan_of_a_dataset_on_the_hub_reads_no_picture(
    hub_here: Hub,  # noqa: F811
    films: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish_dataset(films, "moviellm/films", version="1.0.0")
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    monkeypatch.setattr("moviellm.training.media.movies.DatasetPictures.data", None)
    wish = ("--model", tmp_path, "--data", "moviellm/films", "--revision", "v1.0.0", "--controls", "all")
    plan = plan_of(capsys, *wish, "--out", tmp_path / "out")
    assert len(plan["data"]["commit"]) == 40 and plan["controls"]["reversed"]["frames"]["of_all_movies"] == 24
    assert not (tmp_path / "out").exists()
