"""The line over fake writer and painter: what is made, what is reused, what a failure costs."""

import asyncio
from pathlib import Path
from unittest import mock

import pytest
from pydantic import JsonValue

from moviellm.generation import dialogue, keyframes, plot, qa, style
from moviellm.generation.cells import Cell, Shard
from moviellm.generation.config.recipe import Recipe, StoryConfig
from moviellm.generation.files import DiskError
from moviellm.generation.make import MakeReport, make_run, plan_run, shard_size
from moviellm.generation.protocols import NO_BLOBS, Request
from moviellm.generation.runs.record import RunRecord, next_record, write_record
from moviellm.generation.runs.tables import RunReader
from moviellm.generation.schema import check_movie
from tests.fakes import FakePainter, FakeWriter

RECIPE = Recipe(themes=("key", "map", "bell"), story=StoryConfig(chapters=2, scenes=2, keyframes=2), seed=3)


def record_for(run: Path, recipe: Recipe = RECIPE, **options: bool) -> RunRecord:
    record = next_record(run, recipe, movies_per_shard=shard_size(recipe), **options)
    write_record(run, record)
    return record


def make(
    run: Path,
    writer: FakeWriter | None = None,
    painter: FakePainter | None = None,
    recipe: Recipe = RECIPE,
    **options: bool,
) -> MakeReport:
    record = record_for(run, recipe)
    return asyncio.run(make_run(run, record, writer or FakeWriter(), painter or FakePainter(), **options))


def test_a_run_makes_every_cell_once(tmp_path: Path) -> None:
    writer, painter = FakeWriter(), FakePainter()
    report = make(tmp_path / "r", writer, painter)
    assert (report.movies, report.keyframes) == (3, 24)
    assert writer.calls == {"outline": 3, "chapter": 6, "scene": 12, "dialogue": 12, "questions": 3}
    assert painter.calls == {"style": 3, "keyframe": 24}


def test_the_movies_are_whole(tmp_path: Path) -> None:
    make(tmp_path / "r")
    movies = list(RunReader(tmp_path / "r").movies())
    assert [movie.movie_id for movie in movies] == ["m00000", "m00001", "m00002"]
    for movie in movies:
        check_movie(movie)
        assert movie.qa_pairs is not None
        assert [item.stage for item in movie.provenance] == ["plot", "style", "keyframes", "dialogue", "qa"]


def test_a_second_run_calls_nobody(tmp_path: Path) -> None:
    first = make(tmp_path / "r")
    writer, painter = FakeWriter(), FakePainter()
    second = make(tmp_path / "r", writer, painter)
    assert (sum(writer.calls.values()), sum(painter.calls.values())) == (0, 0)
    assert second.reused == first.made


def test_more_movies_keep_those_that_are_there(tmp_path: Path) -> None:
    make(tmp_path / "r")
    writer = FakeWriter()
    make(tmp_path / "r", writer, recipe=RECIPE.model_copy(update={"movies": 4}))
    assert writer.calls["outline"] == 1


@pytest.mark.parametrize(
    ("module", "remade"),
    [
        (plot, {"plot": 21}),
        (style, {"style": 3}),
        (keyframes, {"keyframes": 24}),
        (dialogue, {"dialogue": 12}),
        (qa, {"qa": 3}),
    ],
)
def test_a_new_stage_version_remakes_that_stage_and_what_reads_a_changed_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: object, remade: dict[str, int]
) -> None:
    make(tmp_path / "r")
    monkeypatch.setattr(module, "VERSION", 99)
    # The answers come out the same, so nothing downstream changes: early cutoff.
    assert make(tmp_path / "r").made == remade


def test_a_changed_answer_remakes_what_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path / "r")
    monkeypatch.setattr(dialogue, "VERSION", 99)
    other = {"lines": [{"speaker": "Bo", "text": "No.", "emotion": "sad", "keyframe_index": 1}]}
    report = make(tmp_path / "r", FakeWriter(wrong={"dialogue": other}))
    assert report.made == {"dialogue": 12, "qa": 3}


def test_a_failed_picture_costs_its_movie_and_no_other(tmp_path: Path) -> None:
    report = make(tmp_path / "r", painter=FakePainter(fails={"m00001-c00-s01-k00"}))
    assert report.failed == {"m00001": "m00001/5-keyframe-000002: no paint left for m00001-c00-s01-k00"}
    assert [movie.movie_id for movie in RunReader(tmp_path / "r").movies()] == ["m00000", "m00002"]


def test_a_failure_is_kept_until_asked_for_again(tmp_path: Path) -> None:
    make(tmp_path / "r", painter=FakePainter(fails={"m00001-c00-s01-k00"}))
    painter = FakePainter()
    assert make(tmp_path / "r", painter=painter).failed
    assert painter.calls["keyframe"] == 0
    report = make(tmp_path / "r", painter=painter, retry_failed=True)
    assert (report.failed, painter.calls["keyframe"], report.movies) == ({}, 1, 3)


@pytest.mark.parametrize(
    ("task", "wrong", "reason"),
    [
        ("outline", {"title": None}, "no OutlineDraft: title"),
        ("outline", {"chapters": []}, "got 0 chapters, asked for 2"),
        ("outline", {"mood": "grim"}, "no OutlineDraft: mood"),
        ("chapter", {"scenes": []}, "got 0 scenes, asked for 2"),
        ("scene", {"keyframes": []}, "got 0 keyframes, asked for 2"),
        ("scene", {"events": []}, "event 'e.*' was not introduced"),
        (
            "scene",
            {"events": [{"key": "x", "caption": "", "participants": ["Cleo"]}]},
            "character 'Cleo' was not introduced; known are Ada, Bo",
        ),
        (
            "dialogue",
            {"lines": [{"speaker": "Cleo", "text": "a", "emotion": "sad", "keyframe_index": 0}]},
            "'Cleo' speaks and was not introduced",
        ),
        (
            "dialogue",
            {"lines": [{"speaker": "Bo", "text": "a", "emotion": "sad", "keyframe_index": 2}]},
            "spoken in keyframe 2; the scene has 2",
        ),
        ("questions", {"questions": [{"level": "movie"}]}, "no QuestionsDraft"),
    ],
)
def test_an_answer_that_does_not_fit_is_a_failure_with_a_reason(
    tmp_path: Path, task: str, wrong: dict[str, object], reason: str
) -> None:
    report = make(tmp_path / "r", FakeWriter(wrong={task: wrong}))  # type: ignore[dict-item]
    assert len(report.failed) == 3
    with pytest.raises(ValueError, match=reason):
        raise ValueError(report.failed["m00000"])


def test_a_plan_counts_what_is_missing(tmp_path: Path) -> None:
    run = tmp_path / "r"
    make(run)
    record = record_for(run, RECIPE.model_copy(update={"movies": 4}))
    plan = asyncio.run(plan_run(run, record, FakeWriter(), FakePainter()))
    assert plan.cells == {"plot": 28, "style": 4, "keyframes": 32, "dialogue": 16, "qa": 4}
    assert plan.to_make == 7 + 1 + 8 + 4 + 1


def test_a_plan_makes_nothing(tmp_path: Path) -> None:
    run = tmp_path / "r"
    record = record_for(run)
    writer = FakeWriter()
    asyncio.run(plan_run(run, record, writer, FakePainter()))
    assert sum(writer.calls.values()) == 0
    assert [path.name for path in run.iterdir()] == ["run.yaml"]


def test_shards_hold_what_the_recipe_says(tmp_path: Path) -> None:
    recipe = RECIPE.model_copy(update={"engine": RECIPE.engine.model_copy(update={"shard_bytes": 1024})})
    make(tmp_path / "r", recipe=recipe)
    assert len(list((tmp_path / "r" / "manifest").iterdir())) == 3
    assert len(list(RunReader(tmp_path / "r").movies())) == 3


def test_a_movie_stays_in_its_shard_when_the_recipe_grows(tmp_path: Path) -> None:
    small = RECIPE.model_copy(update={"engine": RECIPE.engine.model_copy(update={"shard_bytes": 1024})})
    make(tmp_path / "r", recipe=small)
    make(tmp_path / "r")
    assert len(list((tmp_path / "r" / "manifest").iterdir())) == 3


def test_concurrency_is_bounded(tmp_path: Path) -> None:
    at_once, most = 0, 0

    class Counting(FakePainter):
        async def paint(self, request, blobs=NO_BLOBS):  # type: ignore[no-untyped-def]
            nonlocal at_once, most
            at_once += 1
            most = max(most, at_once)
            await asyncio.sleep(0.002)
            at_once -= 1
            return await super().paint(request)

    recipe = RECIPE.model_copy(update={"engine": RECIPE.engine.model_copy(update={"concurrency": 4})})
    make(tmp_path / "r", painter=Counting(), recipe=recipe)
    assert most == 4


def test_fewer_movies_with_replace_leave_no_old_shard(tmp_path: Path) -> None:
    small = RECIPE.model_copy(update={"engine": RECIPE.engine.model_copy(update={"shard_bytes": 1024})})
    make(tmp_path / "r", recipe=small)
    fewer = small.model_copy(update={"movies": 1})
    record = record_for(tmp_path / "r", fewer, replace=True)
    asyncio.run(make_run(tmp_path / "r", record, FakeWriter(), FakePainter()))
    assert [movie.movie_id for movie in RunReader(tmp_path / "r").movies()] == ["m00000"]


def test_a_movie_that_does_not_hold_together_costs_no_other(tmp_path: Path) -> None:
    class Backwards(FakeWriter):
        """Names a later event as the cause, in one movie only."""

        def _scene(self, request: Request) -> dict[str, JsonValue]:
            answer = super()._scene(request)
            if request.inputs["story"]["theme"] == "map":  # type: ignore[index,call-overload]
                answer["events"][0]["because"] = [answer["events"][0]["key"]]  # type: ignore[index,call-overload]
            return answer

    report = make(tmp_path / "r", Backwards())
    assert list(report.failed) == ["m00001"]
    assert "not an earlier event" in report.failed["m00001"]
    assert report.movies == 2


def test_a_full_disk_stops_the_run_and_is_no_failure_of_a_movie(tmp_path: Path) -> None:
    class Full(FakePainter):
        async def paint(self, request: Request) -> tuple[dict[str, JsonValue], bytes]:
            raise DiskError("no space left")

    with pytest.raises(BaseExceptionGroup):
        make(tmp_path / "r", painter=Full())
    assert make(tmp_path / "r").failed == {}


def test_the_memory_of_a_run_does_not_hold_what_was_asked(tmp_path: Path) -> None:
    run = tmp_path / "r"
    record = record_for(run)
    seen: list[Cell] = []

    async def commit(self: Shard, movies: object, cells: list[Cell], **options: bool) -> bool:
        seen.extend(cells)
        return True

    with mock.patch.object(Shard, "commit", commit):
        asyncio.run(make_run(run, record, FakeWriter(), FakePainter()))
    assert len(seen) == 3 * (1 + 2 + 4 + 1 + 8 + 4 + 1)
    assert all(cell.request.inputs == {} for cell in seen)
