"""What a painter says that it could not draw reaches the movie, the report of `make`, and its line of text."""

import asyncio
from pathlib import Path

from moviellm.generation.config.recipe import Recipe
from moviellm.generation.make import MakeReport, make_run
from moviellm.generation.reports import not_drawn_text
from moviellm.generation.runs.record import next_record, write_record
from moviellm.generation.runs.tables import RunReader
from tests.fakes import FakePainter, FakeWriter

GIZMO = "object: gizmo (drawn as a bundle)"


class ClumsyPainter(FakePainter):
    """Cannot draw a gizmo, and says so."""

    async def paint(self, request, blobs=None):
        output, image = await super().paint(request)
        return {**output, "not_drawn": [GIZMO]}, image


def made(run: Path, painter: FakePainter) -> MakeReport:
    size = {"chapters": 1, "scenes": 1, "keyframes": 3}
    recipe = Recipe.model_validate({"themes": ["a gizmo"], "story": size})
    record = next_record(run, recipe, movies_per_shard=4)
    run.mkdir(exist_ok=True)
    write_record(run, record)
    return asyncio.run(make_run(run, record, FakeWriter(), painter))


def test_what_was_not_drawn_is_kept_with_the_keyframe_and_reported_again_on_resume(tmp_path):
    report = made(tmp_path / "run", ClumsyPainter())
    assert report.not_drawn == {GIZMO: 3}
    (movie,) = RunReader(tmp_path / "run").movies()
    assert {keyframe.not_drawn for keyframe in movie.keyframes()} == {(GIZMO,)}
    again = made(tmp_path / "run", ClumsyPainter())
    assert not again.made and again.not_drawn == report.not_drawn


def test_painter_who_draws_everything_reports_nothing(tmp_path):
    assert made(tmp_path / "run", FakePainter()).not_drawn == {}


def test_report_names_what_is_most_often_missing_and_counts_the_rest():
    assert not_drawn_text({"a": 1, "b": 7}) == "b in 7 pictures, a in 1 picture"
    text = not_drawn_text({f"thing {number}": number + 1 for number in range(9)})
    assert text.startswith("thing 8 in 9 pictures, ") and text.endswith("thing 3 in 4 pictures, and 3 more")
