"""`verify` finds every kind of damage, `gc` removes what nobody needs and nothing else."""

import asyncio
import hashlib
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from moviellm.generation.cells import Shard
from moviellm.generation.runs.check import gc, verify
from moviellm.generation.runs.manifest import Manifest, manifests
from moviellm.generation.runs.tables import rows_sha256, write_table
from moviellm.generation.schema import canonical_json
from tests.factories import make_movie
from tests.generation.runs.cellkit import Maker, build, build_movies, make_all, make_cell, put_record, snapshot
from tests.generation.runs.test_tables import row


@pytest.fixture
def run(tmp_path):
    """Two shards of two movies each."""
    build_movies(tmp_path, [0, 1], index=0)
    build_movies(tmp_path, [2, 3], index=1)
    return tmp_path


def errors(run) -> list[str]:
    return [f"{item.where}: {item.what}" for item in verify(run) if item.severity == "error"]


def warnings(run) -> list[str]:
    return [f"{item.where}: {item.what}" for item in verify(run) if item.severity == "warning"]


def put_table(run, name: str, rows: list[dict[str, object]], **fields: object) -> None:
    """Replace a table of shard 0 by one that is whole and committed, but says something wrong."""
    manifest = manifests(run)[0]
    table = write_table(run, 0, name, rows, rows_sha256(rows))
    put_manifest(run, manifest, tables=manifest.tables | {name: table}, **fields)


def put_manifest(run, manifest: Manifest, **fields: object) -> None:
    changed = manifest.model_copy(update=fields)
    (run / "manifest/000000.json").write_text(changed.model_dump_json())


def test_a_whole_run_has_no_findings(run):
    assert list(verify(run)) == []


def test_a_missing_run_is_a_value_error(tmp_path):
    with pytest.raises(ValueError, match="no run folder"):
        list(verify(tmp_path / "nothing"))


def test_a_run_without_a_commit_is_a_warning(tmp_path):
    assert warnings(tmp_path) == [f"{tmp_path}: nothing is committed yet"]


@pytest.mark.parametrize("name", ["movies", "keyframes"])
def test_any_changed_byte_of_any_table_is_found(run, name):
    path = sorted((run / name).iterdir())[0]
    data = path.read_bytes()
    for at in range(0, len(data), max(1, len(data) // 40)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        assert [item.split(";")[0] for item in errors(run)] == [
            f"{name}/{path.name}: has other bytes than were written"
        ]
    path.write_bytes(data)
    assert errors(run) == []


def test_a_missing_and_a_cut_table_are_found(run):
    first, second = sorted((run / "keyframes").iterdir())
    first.unlink()
    os.truncate(second, 10)
    assert [item.split(":")[1].split(";")[0] for item in errors(run)] == [
        " is missing",
        f" has 10 bytes instead of {manifests(run)[1].tables['keyframes'].bytes}",
    ]


def test_a_damaged_manifest_is_found_and_the_other_shards_are_still_checked(run):
    (run / "manifest/000000.json").write_text("{}")
    next((run / "keyframes").glob("000001-*")).unlink()
    first, second = errors(run)
    assert "000000.json is damaged" in first
    assert second.startswith("keyframes/000001-")


def test_every_error_says_what_to_do(run):
    shutil.rmtree(run / "keyframes")
    assert {item.do for item in verify(run)} == {f"`moviellm make --out {run}` makes it again, and nothing else"}


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([row(0), row(0) | {"cell_id": "other"}], "the key key 0 occurs twice"),
        ([row(0), row(1) | {"cell_id": "cell 0"}], "the cell_id cell 0 occurs twice"),
        (
            [row(0) | {"image": b"other", "image_sha256": hashlib.sha256(b"one").hexdigest()}],
            "its image does not have",
        ),
        ([row(0) | {"image_sha256": hashlib.sha256(b"one").hexdigest()}], "its image does not have"),
        ([row(0) | {"output": None}], "has neither an output nor an error"),
        ([row(0) | {"error": "why"}], "has both an output and an error"),
        ([row(0) | {"output": "{"}], "its output is not JSON"),
    ],
    ids=["key", "cell_id", "wrong image", "no image", "nothing", "both", "json"],
)
def test_a_row_that_contradicts_itself_is_found(run, rows, says):
    put_table(run, "plot", rows, cells={"plot": len(rows), "keyframes": 16})
    assert any(says in item for item in errors(run))


def test_a_picture_that_is_in_no_table_is_found(run):
    put_table(run, "keyframes", [row(0)], cells={"keyframes": 1})
    assert "the picture of m00000-c00-s00-k00 is in no table" in errors(run)[0]


def movie_rows(*movies) -> list[dict[str, object]]:
    return [{"movie_id": movie.movie_id, "movie": canonical_json(movie.model_dump(mode="json"))} for movie in movies]


def test_a_movie_with_a_broken_reference_is_found(run):
    broken = make_movie(0).model_copy(update={"characters": ()})
    put_table(run, "movies", movie_rows(broken, make_movie(1)))
    assert "m00000 has" in errors(run)[0]
    assert "broken references" in errors(run)[0]


def test_a_row_that_is_no_movie_is_found(run):
    put_table(run, "movies", [{"movie_id": "m00000", "movie": "{}"}, *movie_rows(make_movie(1))])
    assert "is no movie" in errors(run)[0]


def test_a_movie_in_two_shards_is_found(run):
    put_table(run, "movies", movie_rows(make_movie(0), make_movie(2)), last_movie="m00002")
    assert any("m00002: comes again" in item for item in errors(run))


@pytest.mark.parametrize(
    "fields", [{"movies": 3}, {"first_movie": "m00001"}, {"cells": {"keyframes": 15}}, {"failed": 2}], ids=str
)
def test_a_manifest_that_counts_wrong_is_found(run, fields):
    put_manifest(run, manifests(run)[0], **fields)
    assert len(errors(run)) == 1


def test_failed_cells_are_a_warning(tmp_path):
    build(tmp_path, [make_cell(0)], Maker(fail=[make_cell(0).cell_id]))
    assert warnings(tmp_path) == [
        "manifest/000000.json: 1 cells failed, and the movies or scores they belong to are left out"
    ]


# ------------------------------------------------------------------------------------------------ the record


@pytest.fixture
def recorded(tmp_path):
    """Two shards of two movies each, as run.yaml asks."""
    put_record(tmp_path, movies=4)
    build_movies(tmp_path, [0, 1], index=0)
    build_movies(tmp_path, [2, 3], index=1)
    return tmp_path


def test_a_run_that_holds_what_its_record_asks_for_has_no_findings(recorded):
    assert list(verify(recorded)) == []


@pytest.mark.parametrize("shard", [0, 1])
def test_a_shard_that_the_record_asks_for_and_is_missing_is_an_error(recorded, shard):
    (recorded / f"manifest/00000{shard}.json").unlink()
    assert errors(recorded) == [f"manifest/00000{shard}.json: is missing, and with it the movies of this shard"]


def test_a_run_that_lost_every_manifest_is_an_error(recorded):
    shutil.rmtree(recorded / "manifest")
    assert len(errors(recorded)) == 2


def test_a_gap_between_shards_is_an_error_without_a_record_too(run):
    (run / "manifest/000000.json").unlink()
    assert errors(run) == ["manifest/000000.json: is missing, and with it the movies of this shard"]


def test_a_run_that_is_not_finished_is_a_warning(tmp_path):
    put_record(tmp_path, movies=4)
    journal_of(tmp_path, [make_cell(0)])
    assert [item.severity for item in verify(tmp_path)] == ["warning", "warning"]


def test_shards_after_the_one_in_the_making_are_not_missing_yet(tmp_path):
    put_record(tmp_path, movies=6)
    build_movies(tmp_path, [0, 1], index=0)
    journal_of(tmp_path, [make_cell(0)], index=1)
    assert errors(tmp_path) == []


def test_a_journal_does_not_excuse_a_gap_elsewhere(tmp_path):
    put_record(tmp_path, movies=6)
    build_movies(tmp_path, [4, 5], index=2)
    journal_of(tmp_path, [make_cell(0)], index=0)
    assert [item.split(":")[0] for item in errors(tmp_path)] == ["manifest/000001.json"]


def test_a_movie_that_was_never_tried_is_an_error(tmp_path):
    put_record(tmp_path, movies=2)
    build_movies(tmp_path, [0])
    assert errors(tmp_path) == ["manifest/000000.json: lacks movies that run.yaml asks for: m00001"]


def test_a_movie_that_failed_is_no_error(tmp_path):
    put_record(tmp_path, movies=1)
    failed = replace(make_cell(0), cell_id="m00000/1-outline")
    build(tmp_path, [failed], Maker(fail=[failed.cell_id]))
    assert errors(tmp_path) == []


def test_a_movie_that_the_record_does_not_ask_for_is_an_error(tmp_path):
    put_record(tmp_path, movies=1)
    build_movies(tmp_path, [0, 1])
    assert errors(tmp_path) == ["manifest/000000.json: holds movies that run.yaml does not ask for: m00001"]


def test_a_record_of_another_data_model_is_an_error(recorded):
    path = recorded / "run.yaml"
    path.write_text(path.read_text().replace("schema_version: 1.", "schema_version: 9."))
    (finding,) = verify(recorded)
    assert (finding.severity, finding.where) == ("error", "run.yaml")


def test_a_run_whose_path_begins_with_a_tilde_is_checked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    build_movies(Path("~/run"), [0])
    assert list(verify(Path("~/run"))) == []


# ------------------------------------------------------------------------------------------------ folders for files

FOLDERS = ["plot/000000-0123456789abcdef.parquet", "storyboard.html", "films/m00000.mp4", "journal/000000.0.jsonl"]


@pytest.mark.parametrize("name", [*FOLDERS, "manifest/000002.json", "plot/.000000.tmp", "calls.jsonl", "lock"])
def test_a_folder_where_a_file_belongs_must_be_deleted_by_hand(run, name):
    (run / name).unlink(missing_ok=True)
    (run / name).mkdir(parents=True)
    (finding,) = [item for item in verify(run) if item.severity == "error"]
    assert (finding.where, finding.what) == (name, "is a folder where a file belongs")
    assert finding.do.startswith("delete it by hand")


def test_a_folder_in_the_place_of_a_committed_table_is_said_once(run):
    path = next((run / "movies").iterdir())
    path.unlink()
    path.mkdir()
    assert errors(run) == [f"movies/{path.name}: is a folder where a file belongs"]


@pytest.mark.parametrize("name", FOLDERS)
def test_gc_leaves_folders_alone(run, name):
    (run / name).mkdir(parents=True)
    gc(run)
    assert (run / name).is_dir()


# ------------------------------------------------------------------------------------------------ leftovers


def leave_behind(run) -> set[str]:
    """What killed runs leave: temporary files and tables whose manifest never came or went."""
    left = {
        "plot/.000000.tmp",
        "manifest/.000000.json.77.tmp",
        ".run.yaml.77.tmp",
        "qa/000001-0123456789abcdef.parquet",
    }
    for name in left:
        (run / name).parent.mkdir(exist_ok=True)
        (run / name).write_bytes(b"half")
    return left


def test_gc_removes_what_killed_runs_leave_and_nothing_else(run):
    before = snapshot(run)
    left = leave_behind(run)
    assert {item.split(":")[0] for item in warnings(run)} == left
    assert errors(run) == []
    assert {str(path.relative_to(run)) for path in gc(run, dry_run=True)} == left
    assert snapshot(run).keys() == before.keys() | left
    gc(run)
    assert snapshot(run) == before


def journal_of(run, cells, index=0) -> None:
    async def work():
        shard = Shard.open(run, index)
        await make_all(shard, cells, Maker())
        await shard.close()

    asyncio.run(work())


def test_gc_keeps_a_journal_that_holds_something_new(tmp_path):
    build(tmp_path, [make_cell(0)])
    journal_of(tmp_path, [make_cell(1)])
    assert gc(tmp_path) == []
    assert warnings(tmp_path) == ["journal/000000.*: shard 000000 was being made and is not committed"]
    assert Shard.open(tmp_path, 0).cached(make_cell(1))


def test_gc_removes_a_journal_whose_cells_are_all_committed(tmp_path):
    journal_of(tmp_path, [make_cell(0), make_cell(1)])
    shutil.copytree(tmp_path / "journal", tmp_path / "kept")
    build(tmp_path, [make_cell(0), make_cell(1)])
    (tmp_path / "journal").rmdir()
    (tmp_path / "kept").rename(tmp_path / "journal")
    assert len(gc(tmp_path)) == 2
    assert list(verify(tmp_path)) == []


def test_gc_keeps_a_journal_when_the_table_that_would_cover_it_is_damaged(tmp_path):
    journal_of(tmp_path, [make_cell(0)])
    shutil.copytree(tmp_path / "journal", tmp_path / "kept")
    build(tmp_path, [make_cell(0)])
    (tmp_path / "journal").rmdir()
    (tmp_path / "kept").rename(tmp_path / "journal")
    os.truncate(next((tmp_path / "plot").iterdir()), 5)
    assert gc(tmp_path) == []


def test_gc_keeps_the_tables_of_a_shard_whose_manifest_is_damaged(run):
    (run / "manifest/000000.json").write_text("{")
    before = snapshot(run)
    assert gc(run) == []
    assert snapshot(run) == before


def test_gc_of_a_missing_run_is_a_value_error(tmp_path):
    with pytest.raises(ValueError, match="no run folder"):
        gc(tmp_path / "nothing")


def put_films(run, *movie_ids: str) -> set[str]:
    (run / "films").mkdir()
    names = {f"films/{movie_id}.{ending}" for movie_id in movie_ids for ending in ("mp4", "srt", "vtt")}
    for name in names:
        (run / name).write_bytes(b"film")
    return names


def test_gc_removes_films_of_movies_that_no_manifest_holds(run):
    names = put_films(run, "m00003", "m00004")
    stale = {name for name in names if "m00004" in name}
    assert {str(path.relative_to(run)) for path in gc(run)} == stale
    assert {f"films/{path.name}" for path in (run / "films").iterdir()} == names - stale


def test_a_film_of_a_movie_that_is_gone_is_a_warning(run):
    stale = put_films(run, "m00004")
    assert {item.split(":")[0] for item in warnings(run)} == stale


def test_gc_keeps_films_while_a_manifest_is_missing(run):
    put_films(run, "m00000")
    (run / "manifest/000000.json").unlink()
    assert gc(run) == []


def test_gc_keeps_films_while_the_run_is_in_the_making(run):
    put_films(run, "m00004")
    journal_of(run, [make_cell(0)], index=2)
    assert gc(run) == []
