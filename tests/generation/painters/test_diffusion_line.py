"""The whole line over tiny pipelines: a movie is painted, a second run makes nothing, people keep their portraits."""

import asyncio
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from moviellm.generation.painters.diffusion import DiffusionPainter
from moviellm.generation.protocols import Request
from moviellm.generation.revisions import revision_of
from moviellm.generation.runs.check import verify
from moviellm.generation.runs.tables import RunReader
from moviellm.generation.schema import Movie, check_movie
from moviellm.generation.studio.writer import OfflineWriter
from tests.generation.painters.painting import adapter, recipe
from tests.generation.test_make import make
from tests.tiny_clip import save_tiny_clip


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


def _made(run: Path, models: Path, kind: str, **sections: Any) -> tuple[Movie, DiffusionPainter]:
    asked = recipe(models, kind, **sections)
    of = DiffusionPainter(asked, run)
    report = make(run, OfflineWriter(), of, asked)  # type: ignore[arg-type]
    asyncio.run(of.close())
    assert (report.movies, report.failed) == (1, {})
    movie = next(RunReader(run).movies())
    check_movie(movie)
    return movie, of


@pytest.mark.parametrize("kind", ["sdxl", "klein"])
def test_the_line_makes_a_movie_and_a_second_run_makes_nothing(tmp_path: Path, models: Path, kind: str) -> None:
    people: dict[str, Any] = {}
    if kind == "klein":
        people = {"identity": {"method": "reference"}, "style": {"method": "reference"}}
    movie, _ = _made(tmp_path / "r", models, kind, **people)
    asked = recipe(models, kind, **people)
    again = DiffusionPainter(asked, tmp_path / "r")
    second = make(tmp_path / "r", OfflineWriter(), again, asked)  # type: ignore[arg-type]
    assert (sum(second.made.values()), again._brush) == (0, None)
    assert [finding for finding in verify(tmp_path / "r") if finding.severity == "error"] == []
    for _, image in RunReader(tmp_path / "r").images(movie):
        with Image.open(io.BytesIO(image)) as picture:
            assert np.asarray(picture).shape == (64, 64, 3)
    provenance = {item.stage: item for item in movie.provenance}
    assert provenance["keyframes"].model_id == kind


def test_the_line_shows_the_same_portrait_to_every_keyframe(tmp_path: Path, models: Path) -> None:
    adapted = adapter(models / "adapter")
    identity = {"method": "ip_adapter", "adapter": adapted.repository, "adapter_subfolder": "sdxl",
                "adapter_weight": adapted.weight}  # fmt: skip
    seen: list[Request] = []
    plain = DiffusionPainter.paint

    async def paint(self: DiffusionPainter, request: Request, *blobs: Any) -> Any:
        seen.append(request)
        return await plain(self, request, *blobs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DiffusionPainter, "paint", paint)
        movie, _ = _made(tmp_path / "r", models, "sdxl", identity=identity)
    portraits = {str(who.portrait) for who in movie.characters}
    assert len(portraits) == len(movie.characters)
    shown_to = {request.inputs.get("portrait_sha256") for request in seen if request.task == "keyframe"} - {None}
    assert shown_to and all(f"portraits/{sha256}.jpg" in portraits for sha256 in shown_to)


def test_the_line_chooses_among_candidates_and_tries_the_first_frames(tmp_path: Path, models: Path) -> None:
    clip = save_tiny_clip(models / "tiny-clip")
    painting = {"candidates": 2, "scorer": str(clip), "style_min": -1.0}
    movie, of = _made(tmp_path / "r", models, "sdxl", painting=painting)
    first, second, third = movie.keyframes()
    named = [[score.name for score in keyframe.scores or ()] for keyframe in (first, second, third)]
    assert named == [["candidate_text_image", "style_similarity"]] * 2 + [["candidate_text_image"]]
    scores = [score for keyframe in movie.keyframes() for score in keyframe.scores or ()]
    assert {score.measured_by for score in scores} == {f"tiny-clip@{revision_of(str(clip))}"}
    assert all(score.value is not None and -1 <= score.value <= 1 for score in scores)
