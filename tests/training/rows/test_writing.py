"""Training views as a dataset folder of their own."""

import json
import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from moviellm.generation.dataset.folder import DatasetManifest, read_manifest, same_files
from moviellm.training.rows.film import Look
from moviellm.training.rows.source import open_source
from moviellm.training.rows.views import MEANING, VIEWS, columns
from moviellm.training.rows.writing import write_rows
from tests.factories import make_image, make_movie
from tests.stories import build, make_story


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("writing") / "films"
    build(out, [make_story(number) for number in range(3)])
    return out


@pytest.fixture(scope="module")
def rows(films: Path) -> Path:
    out = films.parent / "rows"
    write_rows(open_source(str(films)), out, VIEWS, Look(), seed=0)
    return out


def loaded(folder: Path, view: str, cache: Path) -> dict[str, list[dict]]:
    import datasets

    found = datasets.load_dataset(str(folder), view, cache_dir=str(cache))
    return {split: list(rows) for split, rows in found.items()}


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("view", VIEWS)
def test_plain_load_dataset_reads_every_view(rows: Path, tmp_path: Path, view: str) -> None:
    counts = read_manifest(rows).configs[view]
    for split, found in loaded(rows, view, tmp_path).items():
        assert len(found) == counts[split] > 0  # type: ignore[index]
        assert {row["split"] for row in found} == {split}
        assert list(found[0]) == list(columns(view, embed=False))  # type: ignore[arg-type]


def test_the_readme_says_the_columns_and_the_rows(rows: Path) -> None:
    front = yaml.safe_load((rows / "README.md").read_text(encoding="utf-8").split("---\n")[1])
    manifest = read_manifest(rows)
    assert [one["config_name"] for one in front["configs"]] == list(VIEWS)
    assert {one["version"] for one in front["configs"]} == {manifest.version}
    for info in front["dataset_info"]:
        assert {one["name"]: one["num_examples"] for one in info["splits"]} == manifest.configs[info["config_name"]]


def test_every_column_has_its_meaning_on_the_card(rows: Path) -> None:
    assert set(MEANING) == {name for view in VIEWS for name in columns(view, embed=False)}


def test_the_manifest_lists_every_file_with_its_hash(rows: Path) -> None:
    manifest = read_manifest(rows)
    assert {file.path for file in manifest.files} | {"manifest.json"} == set(files_of(rows))
    assert same_files(rows, manifest)


def test_where_rows_come_from_is_kept(films: Path, rows: Path) -> None:
    told = json.loads((rows / "source.json").read_text())
    source = open_source(str(films))
    assert (told["dataset"], told["version"]) == (source.manifest.name, source.manifest.version)
    assert told["manifest_sha256"] == source.manifest_sha256 and told["seed"] == 0


def test_the_same_dataset_and_seed_give_the_same_bytes(films: Path, rows: Path, tmp_path: Path) -> None:
    write_rows(open_source(str(films)), tmp_path / "again", VIEWS, Look(), seed=0)
    assert files_of(tmp_path / "again") == files_of(rows)


def test_making_the_same_again_leaves_the_folder_as_it_is(films: Path, tmp_path: Path) -> None:
    source = open_source(str(films))
    made = [write_rows(source, tmp_path / "rows", ["align"], Look(), seed=0) for _ in range(2)]
    assert [one.kept for one in made] == [False, True]


def test_another_seed_gives_other_rows_and_another_version(films: Path, rows: Path, tmp_path: Path) -> None:
    other = write_rows(open_source(str(films)), tmp_path / "rows", VIEWS, Look(), seed=1)
    assert other.version != read_manifest(rows).version and other.configs == read_manifest(rows).configs


def test_only_the_views_that_are_asked_for_are_made(films: Path, tmp_path: Path) -> None:
    made = write_rows(open_source(str(films)), tmp_path / "rows", ["boundary"], Look(), seed=0)
    assert [*made.configs] == ["boundary"] and not (tmp_path / "rows" / "sft").exists()


def test_rows_name_their_pictures_by_id_and_hash(films: Path, rows: Path, tmp_path: Path) -> None:
    keyframes = {one.keyframe_id: one.image_sha256 for one in make_movie(0).keyframes()}
    row = next(row for row in loaded(rows, "sft", tmp_path)["train"] if row["movie_id"] == "m00000")
    assert {one["keyframe_id"]: one["image_sha256"] for one in row["images"]} == keyframes
    manifest = open_source(str(films)).manifest
    assert (row["dataset"], row["revision"]) == (manifest.name, manifest.version)


def test_embedded_pictures_are_those_of_the_dataset_to_the_byte(films: Path, tmp_path: Path) -> None:
    import datasets

    write_rows(open_source(str(films)), tmp_path / "rows", ["sft", "align"], Look(frames=3, embed=True), seed=0)
    for view, count in (("sft", 3), ("align", 1)):
        place = {"path": str(tmp_path / "rows"), "cache_dir": str(tmp_path / "cache")}
        found = datasets.load_dataset(name=view, split="train", **place)
        assert [picture.size for picture in found[0]["images"]] == [(64, 36)] * count
        raw = found.cast_column("images", datasets.List(datasets.Image(decode=False)))
        for picture in raw[0]["images"]:
            assert picture["bytes"] == make_image(picture["path"].removesuffix(".jpg"))


def test_shards_carry_no_metadata_that_old_readers_cannot_read(rows: Path) -> None:
    for path in rows.glob("*/*.parquet"):
        assert pq.read_schema(path).metadata is None


def test_a_dataset_is_not_overwritten_by_its_rows(films: Path) -> None:
    before = files_of(films)
    with pytest.raises(ValueError, match="holds the dataset .*, not training rows"):
        write_rows(open_source(str(films)), films, VIEWS, Look(), seed=0)
    assert files_of(films) == before


def test_other_files_are_not_overwritten(films: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ValueError, match="holds other files"):
        write_rows(open_source(str(films)), tmp_path, VIEWS, Look(), seed=0)


def test_a_stop_leaves_the_folder_as_it_was(films: Path, tmp_path: Path) -> None:
    source, out = open_source(str(films)), tmp_path / "rows"
    write_rows(source, out, ["align"], Look(), seed=0)
    before = files_of(tmp_path)

    def stop(count: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_rows(source, out, VIEWS, Look(), seed=1, progress=stop)
    assert files_of(tmp_path) == before


def test_a_dataset_without_pictures_gives_no_rows_and_says_why(tmp_path: Path) -> None:
    movie = make_story(0, chapters=1, scenes=1, keyframes=1)
    scene = movie.chapters[0].scenes[0]
    unpainted = scene.keyframes[0].model_copy(update={"image": None, "image_sha256": None})
    chapter = movie.chapters[0].model_copy(update={"scenes": (scene.model_copy(update={"keyframes": (unpainted,)}),)})

    class Unpainted:
        def images(self, movie):
            yield from ()

    from moviellm.generation.config.recipe import Recipe
    from moviellm.generation.export import build_dataset
    from tests.factories import MemoryRun
    from tests.stories import plain_readme

    run = MemoryRun([movie.model_copy(update={"chapters": (chapter,)})])
    run.images = Unpainted().images  # type: ignore[method-assign]
    build_dataset(run, tmp_path / "films", Recipe(), run_seed=0, render_readme=plain_readme)
    with pytest.raises(ValueError, match="1 movies, 1 of them without pictures; training rows need pictures"):
        write_rows(open_source(str(tmp_path / "films")), tmp_path / "rows", VIEWS, Look(), seed=0)


def test_the_card_says_what_was_counted(rows: Path) -> None:
    manifest: DatasetManifest = read_manifest(rows)
    card = (rows / "README.md").read_text(encoding="utf-8")
    total = sum(sum(splits.values()) for splits in manifest.configs.values())
    assert f"3 movies,\n{total} rows" in card
    assert "`boundary` by task: multi\\_turn 12 (80%), dense\\_captioning 3 (20%)" in card


def test_the_code_on_the_card_runs_and_both_ways_give_the_same_pictures(films: Path, rows: Path) -> None:
    card = (rows / "README.md").read_text(encoding="utf-8")
    load, ours, alone, _ = re.findall(r"```python\n(.*?)```", card, re.DOTALL)
    names: dict[str, Any] = {}
    exec(re.sub(r'^source = "[^"]*"', f'source = "{rows}"', load, flags=re.MULTILINE), names)
    plain = names["sft"]
    exec(re.sub(r'^films = "[^"]*"', f'films = "{films}"', ours, flags=re.MULTILINE), names)
    joined, names["sft"] = names["sft"][0]["images"], plain
    exec(alone, names)
    assert [one.tobytes() for one in joined] == [one.tobytes() for one in names["sft"][0]["images"]] != []
