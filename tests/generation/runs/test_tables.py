"""Tables, manifests and the reader of a run."""

import asyncio
import hashlib
import os
import tracemalloc
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.generation.cells import Shard
from moviellm.generation.runs.manifest import manifests, read_manifest
from moviellm.generation.runs.tables import GROUP_BYTES, RunReader, StoredImages, rows_sha256, write_table
from tests.factories import make_image
from tests.generation.runs.cellkit import Maker, build, build_movies, make_all, make_cell, put_record


def row(number: int, image: bytes | None = None) -> dict[str, object]:
    return {
        "key": f"key {number}",
        "cell_id": f"cell {number}",
        "task": "keyframe",
        "model_id": "model",
        "model_revision": "1",
        "prompt_id": "prompt",
        "prompt_sha256": "0" * 64,
        "params": "{}",
        "seed": number,
        "output": f'{{"number":{number}}}',
        "image": image,
        "image_sha256": None if image is None else hashlib.sha256(image).hexdigest(),
        "error": None,
    }


def write(run, rows, name="keyframes"):
    return write_table(run, 0, name, iter(rows), rows_sha256(rows))


# ------------------------------------------------------------------------------------------------ tables


def test_a_table_is_named_by_the_hash_of_its_bytes(tmp_path):
    table = write(tmp_path, [row(0, b"picture")])
    data = (tmp_path / table.file).read_bytes()
    assert table.sha256 == hashlib.sha256(data).hexdigest()
    assert table.file == f"keyframes/000000-{table.sha256[:16]}.parquet"
    assert (table.rows, table.bytes) == (1, len(data))


def test_the_same_rows_give_the_same_bytes(tmp_path):
    rows = [row(number, os.urandom(50)) for number in range(200)]
    assert write(tmp_path / "a", rows) == write(tmp_path / "b", rows)


def test_any_other_row_gives_another_rows_hash():
    rows = [row(0), row(1)]
    changed = [[rows[1], rows[0]], rows[:1], [rows[0], rows[1] | {"output": "{}"}], [rows[0], rows[1] | {"seed": 7}]]
    assert len({rows_sha256(item) for item in [rows, *changed]}) == 5


def test_row_groups_hold_at_most_64_rows_and_close_at_their_size(tmp_path):
    table = write(tmp_path, [row(number) for number in range(150)])
    metadata = pq.ParquetFile(tmp_path / table.file).metadata
    assert [metadata.row_group(group).num_rows for group in range(3)] == [64, 64, 22]
    large = write(tmp_path, [row(number, bytes(GROUP_BYTES // 2)) for number in range(4)])
    assert pq.ParquetFile(tmp_path / large.file).metadata.num_row_groups == 2


def test_image_bytes_are_stored_as_they_are_and_text_is_compressed(tmp_path):
    table = write(tmp_path, [row(number, b"a" * 500) for number in range(64)])
    group = pq.ParquetFile(tmp_path / table.file).metadata.row_group(0)
    columns = {group.column(i).path_in_schema: group.column(i).compression for i in range(group.num_columns)}
    assert columns.pop("image") == "UNCOMPRESSED"
    assert set(columns.values()) == {"ZSTD"}


@given(sizes=st.lists(st.integers(0, 300), min_size=1, max_size=150), order=st.randoms())
def test_every_image_is_found_by_its_hash_in_any_order(tmp_path_factory, sizes, order):
    run = tmp_path_factory.mktemp("run")
    images = [number.to_bytes(2, "big") + bytes(size) for number, size in enumerate(sizes)]
    table = write(run, [row(number, image) for number, image in enumerate(images)])
    stored = StoredImages(run / table.file)
    order.shuffle(images)
    assert [stored.read(hashlib.sha256(image).hexdigest()) for image in images] == images
    stored.close()


def test_memory_of_writing_and_reading_does_not_grow_with_the_table(tmp_path):
    def picture(number: int) -> bytes:
        return number.to_bytes(4, "big") * 2500

    def peak(count: int) -> tuple[int, int]:
        before, sizes = pa.total_allocated_bytes(), []

        def rows():
            for number in range(count):
                sizes.append(pa.total_allocated_bytes() - before)
                yield row(number, picture(number))

        tracemalloc.start()
        table = write_table(tmp_path, 0, "keyframes", rows(), "0" * 64)
        written = tracemalloc.get_traced_memory()[1] + max(sizes)
        tracemalloc.stop()
        sizes.clear()
        stored = StoredImages(tmp_path / table.file)
        for number in range(count):
            stored.read(hashlib.sha256(picture(number)).hexdigest())
            sizes.append(pa.total_allocated_bytes() - before)
        stored.close()
        return written, max(sizes)

    small, large = peak(192), peak(1280)  # 2 and 13 MB of pictures
    assert large[0] < small[0] + 1_000_000
    assert large[1] < small[1] + 1_000_000


# ------------------------------------------------------------------------------------------------ manifests


def test_the_manifest_says_what_is_there(tmp_path):
    build(tmp_path, [make_cell(number) for number in range(7)], Maker(fail=[make_cell(0).cell_id]), movies=2)
    (manifest,) = manifests(tmp_path)
    assert (manifest.shard, manifest.movies, manifest.first_movie, manifest.last_movie) == (0, 2, "m00000", "m00001")
    assert manifest.cells == {"plot": 3, "keyframes": 2, "dialogue": 2}
    assert manifest.failed == 1
    assert {name: table.rows for name, table in manifest.tables.items()} == manifest.cells | {"movies": 2}


def test_manifests_come_in_shard_order(tmp_path):
    for index in (2, 0, 1):
        build_movies(tmp_path, [index], index=index)
    assert [manifest.shard for manifest in manifests(tmp_path)] == [0, 1, 2]


def test_a_manifest_under_another_shards_name_is_damaged(tmp_path):
    build_movies(tmp_path, [0])
    path = (tmp_path / "manifest/000000.json").rename(tmp_path / "manifest/000001.json")
    with pytest.raises(ValueError, match="it is the manifest of shard 0"):
        read_manifest(path)


# ------------------------------------------------------------------------------------------------ reader


def test_the_reader_gives_every_movie_in_order_with_its_pictures_in_story_order(tmp_path):
    made = [movie for index in range(3) for movie in build_movies(tmp_path, [2 * index, 2 * index + 1], index=index)]
    reader = RunReader(tmp_path)
    assert list(reader.movies()) == made
    for movie in reversed(made):
        pictures = list(reader.images(movie))
        assert [keyframe for keyframe, _ in pictures] == list(movie.keyframes())
        assert [image for _, image in pictures] == [make_image(k.keyframe_id) for k, _ in pictures]


def test_keyframes_without_a_picture_are_left_out(tmp_path):
    (movie,) = build_movies(tmp_path, [0])
    data = movie.model_dump()
    data["chapters"][0]["scenes"][0]["keyframes"][0]["image_sha256"] = None
    unpainted = type(movie).model_validate(data)
    assert len(list(RunReader(tmp_path).images(unpainted))) == len(list(movie.keyframes())) - 1


def test_a_missing_run_says_how_to_make_one(tmp_path):
    with pytest.raises(ValueError, match='no run folder .*; `moviellm make "a theme" --out'):
        RunReader(tmp_path / "nothing")


def test_a_run_with_nothing_committed_says_how_to_go_on(tmp_path):
    with pytest.raises(ValueError, match="nothing is finished in .* yet; `moviellm make --out"):
        RunReader(tmp_path)


def test_a_damaged_manifest_says_what_to_do(tmp_path):
    build_movies(tmp_path, [0])
    (tmp_path / "manifest/000000.json").write_text("{")
    with pytest.raises(ValueError, match=r"000000.json is damaged.*moviellm make --out .*moviellm check"):
        RunReader(tmp_path)


def test_a_damaged_table_of_movies_says_what_to_do(tmp_path):
    build_movies(tmp_path, [0])
    (path,) = (tmp_path / "movies").iterdir()
    path.write_bytes(path.read_bytes()[::-1])
    with pytest.raises(ValueError, match=r"has other bytes than were written\. `moviellm make --out .*moviellm check"):
        list(RunReader(tmp_path).movies())


def test_a_damaged_picture_is_never_given_away(tmp_path):
    (movie,) = build_movies(tmp_path, [0])
    (path,) = (tmp_path / "keyframes").iterdir()
    image = make_image(f"{movie.movie_id}-c00-s00-k01")
    data = path.read_bytes()
    at = data.index(image) + 100
    path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    pictures = RunReader(tmp_path).images(movie)
    next(pictures)
    with pytest.raises(ValueError, match=r"holds the picture of m00000-c00-s00-k01 damaged\. `moviellm make"):
        next(pictures)


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: os.truncate(path, 50)], ids=["rm", "cut"])
def test_a_lost_table_of_pictures_says_what_to_do(tmp_path, damage):
    (movie,) = build_movies(tmp_path, [0])
    damage(next((tmp_path / "keyframes").iterdir()))
    with pytest.raises(ValueError, match="moviellm make --out"):
        list(RunReader(tmp_path).images(movie))


def test_a_newer_data_model_is_refused(tmp_path):
    build_movies(tmp_path, [0])
    path = tmp_path / "manifest/000000.json"
    path.write_text(path.read_text().replace('"schema_version": "1.', '"schema_version": "2.'))
    with pytest.raises(ValueError, match="was made with data model 2"):
        RunReader(tmp_path)


def test_a_table_that_no_manifest_lists_is_invisible(tmp_path):
    made = build_movies(tmp_path, [0])
    (path,) = (tmp_path / "movies").iterdir()
    (tmp_path / "movies/000000-0000000000000000.parquet").write_bytes(path.read_bytes())
    (tmp_path / "movies/000001-0000000000000000.parquet").write_bytes(b"torn")
    assert list(RunReader(tmp_path).movies()) == made


def test_a_record_of_a_newer_data_model_is_refused(tmp_path):
    put_record(tmp_path, movies=1)
    build_movies(tmp_path, [0])
    path = tmp_path / "run.yaml"
    path.write_text(path.read_text().replace("schema_version: 1.", "schema_version: 9."))
    with pytest.raises(ValueError, match="was made with data model 9"):
        RunReader(tmp_path)


def test_a_shard_that_the_record_asks_for_and_is_missing_is_refused(tmp_path):
    put_record(tmp_path, movies=2, movies_per_shard=1)
    build_movies(tmp_path, [0])
    with pytest.raises(ValueError, match=r"lacks 1 of its shards \(manifest/000001.json\)\. `moviellm make"):
        RunReader(tmp_path)


def test_a_gap_between_shards_is_refused_without_a_record_too(tmp_path):
    build_movies(tmp_path, [1], index=1)
    with pytest.raises(ValueError, match=r"lacks 1 of its shards \(manifest/000000.json\)"):
        RunReader(tmp_path)


def test_what_is_committed_of_a_run_in_the_making_can_be_read(tmp_path):
    put_record(tmp_path, movies=3, movies_per_shard=1)
    made = build_movies(tmp_path, [0])

    async def stop_in_shard_1():
        shard = Shard.open(tmp_path, 1)
        await make_all(shard, [make_cell(0)], Maker())
        await shard.close()

    asyncio.run(stop_in_shard_1())
    assert list(RunReader(tmp_path).movies()) == made


def test_a_run_whose_path_begins_with_a_tilde_is_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (movie,) = build_movies(Path("~/run"), [0])
    reader = RunReader(Path("~/run"))
    assert list(reader.movies()) == [movie]
    assert len(list(reader.images(movie))) == len(list(movie.keyframes()))


def test_failures_of_a_run_whose_path_begins_with_a_tilde_are_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    build(Path("~"), [make_cell(0)], Maker(fail=[make_cell(0).cell_id]))
    assert sum(RunReader(Path("~")).failures().values()) == 1
