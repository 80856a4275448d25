"""limits.py: what an export writes keeps to what the Hub and its viewer take."""

import hashlib
import json
import random
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from moviellm.generation.config.recipe import Recipe
from moviellm.generation.dataset.features import FEATURES, arrow_schema, text_rows
from moviellm.generation.dataset.limits import (
    CELL_BYTES,
    COLUMNS_MAX,
    FILE_BYTES_ADVISED,
    FOLDER_ENTRIES,
    PREVIEW_BYTES,
    PREVIEW_ROWS,
    SCAN_BYTES,
    SPLITS_MAX,
)
from moviellm.generation.dataset.parquet_files import GROUP_BYTES, SHARD_BYTES, ShardWriter
from moviellm.generation.dataset.writing import shelved_path
from moviellm.generation.export import build_dataset
from moviellm.generation.schema import SPLITS, Movie
from tests.factories import MemoryRun
from tests.stories import build, make_story, plain_readme, words

FILM_BYTES = 6_000_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("limits") / "dataset"
    build(out, [make_story(number, chapters=1) for number in range(3)], dataset={"films": True})
    return out


def test_what_is_written_at_once_is_far_below_what_the_viewer_reads_at_once():
    assert GROUP_BYTES < SCAN_BYTES / 10 and SHARD_BYTES < FILE_BYTES_ADVISED


def test_every_shard_has_a_page_index_for_every_column(folder):
    for path in folder.glob("*/*.parquet"):
        group = pq.read_metadata(path).row_group(0)
        assert all(group.column(number).has_offset_index for number in range(group.num_columns)), path


def test_columns_and_splits_are_few_enough():
    assert all(len(columns) < COLUMNS_MAX for columns in FEATURES.values()) and len(SPLITS) < SPLITS_MAX


def test_large_films_close_their_row_group_before_they_fill_the_memory(tmp_path):
    writer = ShardWriter(tmp_path, "films", "train", arrow_schema(FEATURES["films"]), rows_per_group=16)
    dice = random.Random(0)
    for number in range(7):
        video = {"bytes": dice.randbytes(FILM_BYTES), "path": f"m{number:05d}.mp4"}
        writer.add(dict.fromkeys(FEATURES["films"]) | {"video": video})
    (shard,) = writer.close()
    metadata = pq.read_metadata(tmp_path / shard.path)
    groups = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
    assert groups == [3, 3, 1]
    assert all(metadata.row_group(number).total_byte_size < SCAN_BYTES for number in range(len(groups)))


def wordy(movie: Movie, caption_words: int = 16, line_words: int = 12) -> Movie:
    """The movie with captions and one line a keyframe, as long as the studio's are at their longest."""
    dice = random.Random(1)

    def scene_of(scene):
        (line,) = scene.dialogue
        lines = [
            line.model_copy(update={"line_id": f"{scene.scene_id}-d{i:02d}", "text": words(dice, line_words)})
            for i, _ in enumerate(scene.keyframes)
        ]
        keyframes = [k.model_copy(update={"caption": words(dice, caption_words)}) for k in scene.keyframes]
        return scene.model_copy(
            update={"keyframes": tuple(keyframes), "dialogue": tuple(lines), "summary": words(dice, 60)}
        )

    chapters = [c.model_copy(update={"scenes": tuple(map(scene_of, c.scenes))}) for c in movie.chapters]
    return movie.model_copy(update={"chapters": tuple(chapters)})


def size_of(value: object) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def test_no_cell_of_a_movie_of_the_papers_size_is_above_the_limit():
    movie = wordy(make_story(0, chapters=11, scenes=11, keyframes=11))
    cells = {
        (config, name): size_of(value)
        for config, rows in text_rows(movie).items()
        for row in rows
        for name, value in row.items()
    }
    assert max(cells, key=lambda cell: cells[cell]) == ("movies", "chapters")
    assert cells["movies", "chapters"] < CELL_BYTES


@pytest.mark.parametrize("config", ["movies", "dialogue", "qa", "events"])
def test_the_first_rows_of_short_movies_are_shown_whole(config):
    rows = [row for number in range(10) for row in text_rows(wordy(make_story(number, keyframes=4)))[config]]
    assert size_of(rows[:PREVIEW_ROWS]) < PREVIEW_BYTES


def test_portraits_of_a_million_people_fill_no_folder():
    names = (hashlib.sha256(str(number).encode()).hexdigest() for number in range(20_000))
    folders = [shelved_path(f"portraits/{name}.jpg").split("/")[1] for name in names]
    fullest = max(folders.count(name) for name in set(folders))
    assert len(set(folders)) == 256 and fullest * 50 < FOLDER_ENTRIES
    assert shelved_path("portraits/abcd.jpg") == "portraits/ab/abcd.jpg"


def test_a_path_that_already_has_folders_stays():
    assert shelved_path("portraits/ab/abcd.jpg") == "portraits/ab/abcd.jpg"


class WithPortraits(MemoryRun):
    """A run whose people have portraits."""

    def files(self, movie: Movie):
        yield from ((person.portrait, person.portrait.encode()) for person in movie.characters)


def test_rows_name_portraits_where_they_lie(tmp_path):
    movie = make_story(0, chapters=1)
    portrait = f"portraits/{'c0ffee' * 10}.jpg"
    person = movie.characters[0].model_copy(update={"portrait": portrait})
    run = WithPortraits([movie.model_copy(update={"characters": (person,)})])
    build_dataset(run, tmp_path / "out", Recipe(), run_seed=0, render_readme=plain_readme)
    (row,) = pq.read_table(next(tmp_path.glob("out/movies/*.parquet"))).to_pylist()
    named = row["characters"][0]["portrait"]
    assert (tmp_path / "out" / named).read_bytes() == portrait.encode()
