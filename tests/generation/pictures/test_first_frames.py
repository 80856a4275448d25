"""Candidates and the first frames: what is painted, what is scored, and what is not paid for."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from moviellm.generation.config.models import PaintingConfig
from moviellm.generation.config.recipe import Recipe
from moviellm.generation.make import make_run
from moviellm.generation.pictures import judging
from moviellm.generation.pictures.first_frames import first_frames, refuse_misses
from moviellm.generation.runs.tables import RunReader
from moviellm.generation.schema import Movie, Score
from moviellm.generation.workbench import CellFailedError
from tests.factories import make_movie
from tests.fakes import FakePainter, FakeWriter
from tests.generation.pictures.test_portraits import PortraitPainter
from tests.generation.test_make import RECIPE, make, record_for


class FakeScorer:
    """Scores by a rule over bytes; counts its calls."""

    model_id = "tests/scorer"

    def __init__(self, alike: float = 0.5) -> None:
        self.value = alike
        self.calls: Counter[str] = Counter()

    async def text_image(self, pairs: Sequence[tuple[str, bytes]]) -> list[float]:
        self.calls["text_image"] += len(pairs)
        return [rank(image) for _, image in pairs]

    async def image_image(self, pairs: Sequence[tuple[bytes, bytes]]) -> list[float]:
        self.calls["image_image"] += len(pairs)
        return [self.value] * len(pairs)


def rank(image: bytes) -> float:
    """A number between 0 and 1 that belongs to a picture."""
    return int(hashlib.sha256(image).hexdigest()[:8], 16) / 2**32


@pytest.fixture
def scorer(monkeypatch: pytest.MonkeyPatch) -> FakeScorer:
    made = FakeScorer()
    monkeypatch.setattr(judging, "_opened", lambda model, revision: made)
    monkeypatch.setattr(judging, "revision_of", lambda model, revision: revision or "1")
    return made


def asked(**painting: Any) -> Recipe:
    return RECIPE.model_copy(
        update={"themes": ("key",), "painting": PaintingConfig(scorer="tests/scorer", **painting)}
    )


def made(run: Path, painter: FakePainter, recipe: Recipe) -> Movie:
    report = make(run, FakeWriter(), painter, recipe)
    assert report.failed == {}
    return next(RunReader(run).movies())


# ---------------------------------------------------------------- candidates


def test_the_best_of_the_candidates_is_the_keyframe_and_its_score_is_kept(tmp_path: Path, scorer: FakeScorer) -> None:
    painter = PortraitPainter()
    movie = made(tmp_path / "r", painter, asked(candidates=3))
    assert painter.calls["keyframe"] == scorer.calls["text_image"] == 24
    for keyframe, image in RunReader(tmp_path / "r").images(movie):
        assert keyframe.scores is not None
        assert [score.name for score in keyframe.scores] == ["candidate_text_image"]
        assert keyframe.scores[0].value == rank(image)
        assert keyframe.scores[0].measured_by == "tests/scorer@1"


def test_candidates_differ_by_their_seed_and_the_first_is_the_one_painted_alone(
    tmp_path: Path, scorer: FakeScorer
) -> None:
    made(tmp_path / "r", PortraitPainter(), asked())
    painter = PortraitPainter()
    record = record_for(tmp_path / "r", asked(candidates=2), replace=True)
    report = asyncio.run(make_run(tmp_path / "r", record, FakeWriter(), painter))
    assert report.made["keyframes"] == 8 + 16
    assert painter.calls == {"keyframe": 8}


def test_scores_are_not_asked_for_again(tmp_path: Path, scorer: FakeScorer) -> None:
    first = made(tmp_path / "r", PortraitPainter(), asked(candidates=2))
    calls = scorer.calls.copy()
    assert made(tmp_path / "r", PortraitPainter(), asked(candidates=2)) == first
    assert scorer.calls == calls


# ---------------------------------------------------------------- the first frames


def test_frames_that_miss_their_style_are_not_followed_by_others(tmp_path: Path, scorer: FakeScorer) -> None:
    painter = PortraitPainter()
    report = make(tmp_path / "r", FakeWriter(), painter, asked(style_min=0.6))
    assert painter.calls["keyframe"] == 2
    [reason] = report.failed.values()
    assert "the first frames miss their style: similarity 0.500, painting.style_min is 0.6" in reason


def test_a_lower_threshold_scores_nothing_again_and_paints_the_rest(tmp_path: Path, scorer: FakeScorer) -> None:
    make(tmp_path / "r", FakeWriter(), PortraitPainter(), asked(style_min=0.6))
    calls = scorer.calls.copy()
    painter = PortraitPainter()
    movie = made(tmp_path / "r", painter, asked(style_min=0.4))
    assert painter.calls == {"keyframe": 6}
    assert scorer.calls == calls
    first, second, third, *_ = movie.keyframes()
    assert [score.name for score in first.scores or ()] == ["style_similarity", "identity_similarity"]
    assert third.scores is None and second.scores is not None


def test_people_who_miss_their_portraits_fail_the_movie(tmp_path: Path, scorer: FakeScorer) -> None:
    report = make(tmp_path / "r", FakeWriter(), PortraitPainter(), asked(identity_min=0.9))
    [reason] = report.failed.values()
    assert "the first frames miss the portraits of their people" in reason


def test_without_a_threshold_nothing_is_scored(tmp_path: Path, scorer: FakeScorer) -> None:
    made(tmp_path / "r", PortraitPainter(), asked())
    assert scorer.calls == Counter()


def test_people_are_judged_on_frames_that_show_somebody() -> None:
    keyframes = [*make_movie().keyframes()]
    empty = [keyframe.model_copy(update={"figures": ()}) for keyframe in keyframes[:2]]
    people = PaintingConfig(scorer="a/b", identity_min=0.5)
    shown = [at for at, keyframe in enumerate([*empty, *keyframes[2:]]) if keyframe.figures]
    assert first_frames([*empty, *keyframes[2:]], people) == shown[:2]
    assert first_frames([*empty, *keyframes[2:]], PaintingConfig(scorer="a/b", style_min=0.5)) == [0, 1]
    assert first_frames(keyframes, PaintingConfig()) == []


def test_what_could_not_be_measured_is_not_a_miss() -> None:
    unmeasured = [[Score(name="style_similarity", value=None, reason="one frame")]]
    refuse_misses(PaintingConfig(scorer="a/b", style_min=0.5, identity_min=0.5), unmeasured)


@pytest.mark.parametrize(("value", "refused"), [(0.49, True), (0.5, False)])
def test_the_least_of_the_scores_counts(value: float, refused: bool) -> None:
    scores = [[Score(name="style_similarity", value=0.9)], [Score(name="style_similarity", value=value)]]
    painting = PaintingConfig(scorer="a/b", style_min=0.5)
    if refused:
        with pytest.raises(CellFailedError, match="similarity 0.490"):
            refuse_misses(painting, scores)
    else:
        refuse_misses(painting, scores)
