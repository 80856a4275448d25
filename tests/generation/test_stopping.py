"""Runs that stop before their end: what is complete is committed, the rest is kept, nothing is made twice."""

import asyncio
from pathlib import Path

import pytest

from moviellm.generation.config.recipe import Recipe, StoryConfig, TwinConfig
from moviellm.generation.llm.exchanges import ExchangeLog
from moviellm.generation.make import MakeReport, make_run, shard_size
from moviellm.generation.protocols import NO_BLOBS, Accept, Output, Request, StoppedError, accept_all
from moviellm.generation.runs.check import gc, verify
from moviellm.generation.runs.record import next_record, write_record
from moviellm.generation.runs.tables import RunReader
from tests.fakes import FakePainter, FakeWriter

RECIPE = Recipe(themes=("key", "map", "bell"), story=StoryConfig(chapters=2, scenes=2, keyframes=2), seed=3)


class Stopping(FakeWriter):
    """Answers so many tasks and then no more; of one kind, if it says so."""

    def __init__(self, answers: int, task: str | None = None) -> None:
        super().__init__()
        self.left = answers
        self.task = task

    async def write(self, request: Request, accept: Accept = accept_all) -> Output:
        if self.task in (None, request.task):
            self.left -= 1
            if self.left < 0:
                raise StoppedError("the money is spent")
        return await super().write(request, accept)


def make(run: Path, writer: FakeWriter, painter: FakePainter | None = None, recipe: Recipe = RECIPE) -> MakeReport:
    record = next_record(run, recipe, movies_per_shard=shard_size(recipe))
    run.mkdir(exist_ok=True)
    write_record(run, record)
    return asyncio.run(make_run(run, record, writer, painter or FakePainter()))


def of_one_at_a_time(recipe: Recipe = RECIPE, **engine: int) -> Recipe:
    return recipe.model_copy(update={"engine": recipe.engine.model_copy(update={"concurrency": 1, **engine})})


def committed(run: Path) -> list[str]:
    return [movie.movie_id for movie in RunReader(run).movies()]


def told(run: Path) -> list[dict[str, object]]:
    """The movies without what says when they were made."""
    return [movie.model_dump(exclude={"provenance", "qa_pairs"}) for movie in RunReader(run).movies()]


def errors(run: Path) -> list[str]:
    return [item.what for item in verify(run) if item.severity == "error"]


def test_what_is_complete_is_committed_and_the_others_are_stopped_not_failed(tmp_path: Path) -> None:
    report = make(tmp_path / "r", Stopping(2, "questions"))
    assert (report.movies, report.failed, len(report.stopped)) == (2, {}, 1)
    assert set(report.stopped.values()) == {"the money is spent"}
    assert len(committed(tmp_path / "r")) == 2


@pytest.mark.parametrize("answers", range(0, 24, 3))
def test_wherever_it_stops_the_next_run_makes_only_the_rest(tmp_path: Path, answers: int) -> None:
    run = tmp_path / "r"
    first = Stopping(answers)
    make(run, first)
    assert errors(run) == []
    second = FakeWriter()
    report = make(run, second)
    assert report.movies == 3
    assert sum((first.calls + second.calls).values()) == 36 == 3 * 12
    make(tmp_path / "undisturbed", FakeWriter())
    assert told(run) == told(tmp_path / "undisturbed")


def test_pictures_that_the_stopped_run_did_not_come_to_are_kept(tmp_path: Path) -> None:
    run, painter = tmp_path / "r", FakePainter()
    make(run, FakeWriter(), painter)

    class Edited(Stopping):
        """Its scenes are asked in another way, and cannot be asked any more."""

        def request(self, task, brief, seed):  # type: ignore[no-untyped-def]
            made = super().request(task, brief, seed)
            return made if task != "scene" else type(made)(**{**made.__dict__, "prompt_id": "edited"})

    make(run, Edited(0, "scene"), painter)
    assert painter.calls["keyframe"] == 24
    make(run, Edited(99, "scene"), painter)
    assert painter.calls["keyframe"] == 24


def test_a_stopped_run_is_sound_and_says_that_it_goes_on(tmp_path: Path) -> None:
    run = tmp_path / "r"
    make(run, Stopping(0))
    found = list(verify(run))
    assert [item.severity for item in found] == ["warning"]
    assert f"moviellm make --out {run}" in found[0].do
    assert gc(run) == []
    assert errors(run) == []


def test_shards_after_the_one_that_stopped_are_left_for_later(tmp_path: Path) -> None:
    recipe = of_one_at_a_time(shard_bytes=1024)
    report = make(tmp_path / "r", Stopping(13), recipe=recipe)
    assert (report.movies, list(report.stopped)) == (1, ["m00001"])
    assert committed(tmp_path / "r") == ["m00000"]
    assert errors(tmp_path / "r") == []
    assert make(tmp_path / "r", FakeWriter(), recipe=recipe).movies == 3


def test_a_movie_that_failed_stays_failed_when_the_run_stops(tmp_path: Path) -> None:
    painter = FakePainter(fails={"m00000-c00-s01-k00"})
    report = make(tmp_path / "r", Stopping(1, "questions"), painter, of_one_at_a_time())
    assert (list(report.failed), list(report.stopped), report.movies) == (["m00000"], ["m00002"], 1)


def test_a_twin_whose_other_was_stopped_is_not_asked_alone(tmp_path: Path) -> None:
    recipe = RECIPE.model_copy(update={"twins": TwinConfig(share=1.0), "movies": 2})
    first = Stopping(6, "dialogue")
    report = make(tmp_path / "r", first, recipe=of_one_at_a_time(recipe))
    assert (report.movies, sorted(report.stopped)) == (0, ["m00000", "m00001"])
    assert first.calls["questions"] == 0
    second = FakeWriter()
    assert make(tmp_path / "r", second, recipe=recipe).movies == 2
    assert second.calls == {"dialogue": 2, "questions": 2}


def test_scenes_of_a_chapter_do_not_wait_for_other_chapters(tmp_path: Path) -> None:
    order: list[str] = []

    class Slow(FakeWriter):
        async def write(self, request: Request, accept: Accept = accept_all) -> Output:
            late = request.task == "chapter" and request.inputs["chapter_index"] == 1
            await asyncio.sleep(0.05 if late else 0.0)
            order.append(request.task)
            return await super().write(request, accept)

    make(tmp_path / "r", Slow(), recipe=RECIPE.model_copy(update={"themes": ("key",)}))
    assert order[:5] == ["outline", "chapter", "scene", "scene", "chapter"]


def test_what_was_painted_before_the_stop_is_not_painted_again(tmp_path: Path) -> None:
    class Counting(FakePainter):
        async def paint(self, request: Request, blobs=NO_BLOBS):  # type: ignore[no-untyped-def]
            if self.calls["keyframe"] == 5:
                raise StoppedError("the image server is gone")
            return await super().paint(request, blobs)

    painter, second = Counting(), FakePainter()
    report = make(tmp_path / "r", FakeWriter(), painter)
    assert len(report.stopped) == 3
    make(tmp_path / "r", FakeWriter(), second)
    assert painter.calls["keyframe"] + second.calls["keyframe"] == 24


def test_check_warns_of_damaged_lines_in_the_log_of_what_was_paid_and_not_of_a_torn_last_one(tmp_path: Path) -> None:
    run = tmp_path / "r"
    make(run, FakeWriter())
    log = ExchangeLog(run)
    for key in "abc":
        log.append({"kind": "reply", "key": key, "text": "words", "usd": 0.01})
    log.close()
    data = (run / "exchanges.jsonl").read_bytes()
    (run / "exchanges.jsonl").write_bytes(data[:-9])
    assert list(verify(run)) == []
    (run / "exchanges.jsonl").write_bytes(data.replace(b"words", b"swords", 1))
    assert [item.where for item in verify(run)] == ["exchanges.jsonl"]


def test_gc_removes_the_bytes_of_paid_pictures_once_their_cells_are_committed(tmp_path: Path) -> None:
    run = tmp_path / "r"
    make(run, Stopping(5))
    (run / "exchanges.pack").write_bytes(b"pictures")
    assert gc(run) == []
    make(run, FakeWriter())
    assert gc(run) == [run / "exchanges.pack"]
