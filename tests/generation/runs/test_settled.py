"""Shards that a second run leaves alone, and everything that makes it look after all."""

import asyncio
import json
import os
from pathlib import Path
from unittest import mock

import pytest

from moviellm.generation.cells import Shard
from moviellm.generation.config.recipe import Recipe
from moviellm.generation.make import MakeReport, make_run
from moviellm.generation.runs import settled
from moviellm.generation.runs.journal import Journal
from moviellm.generation.runs.manifest import manifest_path, manifests
from moviellm.generation.runs.settled import NAME, Settled, says_all
from tests.fakes import FakePainter, FakeWriter
from tests.generation.test_make import RECIPE, record_for

SMALL = RECIPE.model_copy(update={"engine": RECIPE.engine.model_copy(update={"shard_bytes": 1024})})
"""A movie a shard."""


def make(run: Path, recipe: Recipe = SMALL, painter: FakePainter | None = None, **options: bool) -> MakeReport:
    record = record_for(run, recipe)
    job = make_run(run, record, FakeWriter(), painter or FakePainter(), settled=Settled.open(run, record), **options)
    return asyncio.run(job)


def opened(run: Path, recipe: Recipe = SMALL, **options: bool) -> tuple[list[int], MakeReport]:
    """The shards that a run opens, and its report."""
    with mock.patch("moviellm.generation.make.Shard.open", side_effect=Shard.open) as spy:
        report = make(run, recipe, **options)
    return [call.args[1] for call in spy.call_args_list], report


def test_a_second_run_opens_no_shard_and_says_the_same(tmp_path: Path) -> None:
    first = make(tmp_path / "r")
    shards, second = opened(tmp_path / "r")
    assert shards == []
    assert (second.movies, second.keyframes, second.reused, second.made) == (3, 24, first.made, {})


def test_it_leaves_every_file_as_it_was(tmp_path: Path) -> None:
    make(tmp_path / "r")
    before = {path: path.read_bytes() for path in (tmp_path / "r").rglob("*") if path.is_file()}
    make(tmp_path / "r")
    assert {path: path.read_bytes() for path in (tmp_path / "r").rglob("*") if path.is_file()} == before


def test_a_table_that_was_written_to_is_looked_at_and_made_again(tmp_path: Path) -> None:
    make(tmp_path / "r")
    table = tmp_path / "r" / manifests(tmp_path / "r")[1].tables["plot"].file
    data = table.read_bytes()
    table.write_bytes(data[:-8] + b"damaged!")
    shards, report = opened(tmp_path / "r")
    assert (shards, set(report.made)) == ([1], {"plot"})
    assert table.read_bytes() == data


@pytest.mark.parametrize("gone", ["manifest", "table"])
def test_a_file_that_is_gone_is_seen(tmp_path: Path, gone: str) -> None:
    make(tmp_path / "r")
    table = tmp_path / "r" / manifests(tmp_path / "r")[2].tables["movies"].file
    (table if gone == "table" else manifest_path(tmp_path / "r", 2)).unlink()
    assert opened(tmp_path / "r")[0] == [2]
    assert opened(tmp_path / "r")[0] == []


def test_another_recipe_or_other_code_looks_at_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path / "r")
    assert opened(tmp_path / "r", SMALL.model_copy(update={"movies": 4}))[0] == [0, 1, 2, 3]
    monkeypatch.setattr(settled, "_code", lambda: "edited")
    assert opened(tmp_path / "r", SMALL.model_copy(update={"movies": 4}))[0] == [0, 1, 2, 3]


def test_a_shard_with_a_journal_is_looked_at(tmp_path: Path) -> None:
    make(tmp_path / "r")
    journal = Journal(tmp_path / "r", 1)
    journal.begin()
    journal.close()
    assert opened(tmp_path / "r")[0] == [1]


def test_failures_are_told_again_and_made_again_when_asked(tmp_path: Path) -> None:
    first = make(tmp_path / "r", painter=FakePainter(fails={"m00001-c00-s01-k00"}))
    shards, again = opened(tmp_path / "r")
    assert (shards, again.failed) == ([], first.failed)
    shards, healed = opened(tmp_path / "r", retry_failed=True)
    assert (shards, healed.failed, healed.movies) == ([1], {}, 3)


def test_torn_and_foreign_lines_are_left_out(tmp_path: Path) -> None:
    make(tmp_path / "r")
    path = tmp_path / "r" / NAME
    lines = [line for line in path.read_bytes().splitlines() if line]
    path.write_bytes(b"\n".join([lines[0], b'{"shard": 1}', b"[]", lines[2][:50]]))
    assert opened(tmp_path / "r")[0] == [1, 2]
    assert opened(tmp_path / "r")[0] == []


def test_lines_that_later_ones_replace_are_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path / "r")
    path = tmp_path / "r" / NAME
    path.write_bytes(path.read_bytes() * 3)
    monkeypatch.setattr(settled, "SURPLUS_MAX", 2)
    assert opened(tmp_path / "r")[0] == []
    assert [json.loads(line)["shard"] for line in path.read_bytes().splitlines()] == [0, 1, 2]


def test_a_folder_of_its_name_is_no_answer(tmp_path: Path) -> None:
    make(tmp_path / "r")
    (tmp_path / "r" / NAME).unlink()
    (tmp_path / "r" / NAME).mkdir()
    record = record_for(tmp_path / "r", SMALL)
    kept = Settled.open(tmp_path / "r", record)
    assert kept is not None
    assert kept.shard(0) is None
    os.rmdir(tmp_path / "r" / NAME)


def test_makers_that_lie_elsewhere_are_always_looked_at() -> None:
    assert says_all(SMALL)
    assert not says_all(SMALL.model_copy(update={"painter": "diffusers"}))
    assert not says_all(SMALL.model_copy(update={"gates": SMALL.gates.model_copy(update={"models": ("m",)})}))
