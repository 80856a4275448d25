"""export.py: a run becomes a dataset folder, whole or not at all, the same bytes for the same movies."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from moviellm.generation.config.recipe import Recipe
from moviellm.generation.dataset.facts import DatasetFacts
from moviellm.generation.dataset.features import CONFIGS
from moviellm.generation.dataset.folder import MANIFEST, read_manifest
from moviellm.generation.export import STEPS, build_dataset
from moviellm.generation.gating.measured import GATES
from moviellm.generation.schema import Movie
from tests.factories import MemoryRun, make_movie
from tests.stories import build, make_story, plain_readme

TWELVE = [make_story(number) for number in range(12)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("export") / "dataset"
    build(out, TWELVE)
    return out


@pytest.fixture(scope="module")
def facts() -> DatasetFacts:
    return facts_of(TWELVE)


def facts_of(movies, **recipe) -> DatasetFacts:
    import tempfile

    seen = []
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder) / "out", movies, lambda facts: (seen.append(facts), plain_readme(facts))[1], **recipe)
    return seen[0]


def rows(folder: Path, config: str, split: str = "*") -> list[dict]:
    return [row for path in sorted(folder.glob(f"{config}/{split}-*")) for row in pq.read_table(path).to_pylist()]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def front_matter(folder: Path) -> dict:
    return yaml.safe_load((folder / "README.md").read_text().split("---\n")[1])


def test_a_folder_holds_the_configs_and_what_describes_them(folder):
    assert {path.name for path in folder.iterdir()} == {
        *CONFIGS,
        "README.md",
        "card",
        "features.json",
        "manifest.json",
        "moviellm_dataset.py",
    }


def test_every_movie_is_in_exactly_one_split(folder):
    ids = [row["movie_id"] for row in rows(folder, "movies")]
    assert sorted(ids) == [movie.movie_id for movie in TWELVE]
    for split in ("train", "validation", "test"):
        mine = {row["movie_id"] for row in rows(folder, "movies", split)}
        assert mine
        assert all({row["movie_id"] for row in rows(folder, config, split)} == mine for config in CONFIGS)


def test_rows_say_their_split(folder):
    assert {row["split"] for row in rows(folder, "movies", "test")} == {"test"}


def test_pictures_are_the_jpeg_bytes_of_the_run(folder):
    made = {k.keyframe_id: data for movie in TWELVE for k, data in MemoryRun([]).images(movie)}
    assert {row["keyframe_id"]: row["image"]["bytes"] for row in rows(folder, "keyframes")} == made


def test_evidence_of_questions_lies_in_the_same_split(folder):
    keyframes = {row["keyframe_id"] for row in rows(folder, "keyframes", "test")}
    lines = {row["line_id"] for row in rows(folder, "dialogue", "test")}
    for row in rows(folder, "qa", "test"):
        assert keyframes.issuperset(row["keyframe_ids"]) and lines.issuperset(row["line_ids"])


def test_the_manifest_names_every_file_with_its_hash(folder):
    manifest = read_manifest(folder)
    found = {path: hashlib.sha256(data).hexdigest() for path, data in contents(folder).items() if path != MANIFEST}
    assert {file.path: file.sha256 for file in manifest.files} == found
    assert {file.path: file.rows for file in manifest.files}["movies/test-00000-of-00001.parquet"] == 1


def test_the_script_in_the_folder_is_the_front_door(folder):
    import moviellm_dataset

    assert (folder / "moviellm_dataset.py").read_bytes() == Path(moviellm_dataset.__file__).read_bytes()


def test_features_json_says_the_columns_in_their_order(folder):
    columns = json.loads((folder / "features.json").read_text())["configs"]
    for config in CONFIGS:
        assert list(columns[config]) == pq.read_schema(folder / config / "test-00000-of-00001.parquet").names


def test_the_front_matter_counts_what_is_there(folder):
    for info in front_matter(folder)["dataset_info"]:
        counted = {split["name"]: split["num_examples"] for split in info["splits"]}
        assert counted == {split: len(rows(folder, info["config_name"], split)) for split in counted}
        assert info["download_size"] == sum(p.stat().st_size for p in folder.glob(f"{info['config_name']}/*"))


def test_movies_is_the_default_config(folder):
    assert [one["config_name"] for one in front_matter(folder)["configs"] if one.get("default")] == ["movies"]


def test_the_same_run_gives_the_same_bytes_in_another_process(folder, tmp_path):
    code = (
        "import sys; from pathlib import Path; from tests.stories import build, make_story; "
        "build(Path(sys.argv[1]), [make_story(n) for n in range(12)])"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "11", "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "other")], env=environment, check=True)
    assert contents(tmp_path / "other") == contents(folder)


def test_building_the_same_again_keeps_the_folder(tmp_path):
    first = build(tmp_path / "out", TWELVE[:3])
    before = (tmp_path / "out").stat().st_ino
    second = build(tmp_path / "out", TWELVE[:3])
    assert (first.kept, second.kept) == (False, True)
    assert (tmp_path / "out").stat().st_ino == before


def test_a_damaged_folder_is_not_kept(tmp_path):
    build(tmp_path / "out", TWELVE[:3])
    readme = tmp_path / "out" / "README.md"
    intact = readme.read_bytes()
    readme.write_bytes(b"x")
    assert not build(tmp_path / "out", TWELVE[:3]).kept
    assert readme.read_bytes() == intact


def test_other_movies_replace_the_folder_under_another_version(tmp_path):
    first = build(tmp_path / "out", TWELVE[:3])
    second = build(tmp_path / "out", TWELVE[:4])
    assert first.version != second.version
    assert len(rows(tmp_path / "out", "movies")) == 4


def test_a_version_of_the_recipe_is_used(tmp_path):
    manifest = build(tmp_path / "out", TWELVE[:3], dataset={"version": "1.2.0"})
    assert manifest.version == "1.2.0"
    assert {one["version"] for one in front_matter(tmp_path / "out")["configs"]} == {"1.2.0"}


def test_other_rows_under_a_fixed_version_are_refused(tmp_path):
    build(tmp_path / "out", TWELVE[:3], dataset={"version": "1.2.0"})
    before = contents(tmp_path / "out")
    with pytest.raises(ValueError, match="raise dataset.version"):
        build(tmp_path / "out", TWELVE[:4], dataset={"version": "1.2.0"})
    assert contents(tmp_path / "out") == before


def test_another_card_under_a_fixed_version_is_allowed(tmp_path):
    build(tmp_path / "out", TWELVE[:3], dataset={"version": "1.2.0"})

    def longer(facts):
        return plain_readme(facts)[0] + "more\n", {}

    build(tmp_path / "out", TWELVE[:3], longer, dataset={"version": "1.2.0"})
    assert (tmp_path / "out" / "README.md").read_text().endswith("more\n")
    assert not (tmp_path / "out" / "card").exists()


def test_a_config_without_rows_is_left_out(tmp_path):
    silent = [movie.model_copy(update={"qa_pairs": None}) for movie in TWELVE[:3]]
    manifest = build(tmp_path / "out", silent)
    assert "qa" not in manifest.configs and not (tmp_path / "out" / "qa").exists()
    assert "qa" not in {one["config_name"] for one in front_matter(tmp_path / "out")["configs"]}


def test_a_split_without_movies_is_left_out(tmp_path):
    manifest = build(tmp_path / "out", TWELVE[:1])
    assert manifest.splits == ("train",)
    assert {f["split"] for one in front_matter(tmp_path / "out")["configs"] for f in one["data_files"]} == {"train"}


def test_near_duplicate_plots_share_a_split(tmp_path):
    movies = [make_story(number, plot=number % 3) for number in range(20)]
    build(tmp_path / "out", movies)
    found = {row["movie_id"]: row["split"] for row in rows(tmp_path / "out", "movies")}
    assert all(len({found[f"m{n:05d}"] for n in range(first, 20, 3)}) == 1 for first in range(3))


def test_an_empty_run_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="no finished movie"):
        build(tmp_path / "out", [])
    assert list(tmp_path.iterdir()) == []


def test_a_path_below_a_file_is_an_error_that_says_what_to_do(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="choose another folder"):
        build(tmp_path / "file" / "out", TWELVE[:1])


def test_a_path_through_a_link_to_itself_is_refused_before_any_work(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(ValueError, match="leads back to itself"):
        build(tmp_path / "loop", TWELVE[:1])
    assert [path.name for path in tmp_path.iterdir()] == ["loop"]


def test_a_path_that_datasets_takes_for_a_pattern_is_refused_before_any_work(tmp_path):
    (tmp_path / "link").symlink_to("d [1]")
    with pytest.raises(ValueError, match="takes for a pattern"):
        build(tmp_path / "link", TWELVE[:1])
    assert [path.name for path in tmp_path.iterdir()] == ["link"]


def test_deleting_a_damaged_folder_lets_it_be_built_again(tmp_path):
    build(tmp_path / "out", TWELVE[:1])
    (tmp_path / "out" / MANIFEST).write_text("")
    with pytest.raises(ValueError, match="delete .* first"):
        build(tmp_path / "out", TWELVE[:1])
    shutil.rmtree(tmp_path / "out")
    assert build(tmp_path / "out", TWELVE[:1]) == read_manifest(tmp_path / "out")


class WrongPictures(MemoryRun):
    def images(self, movie: Movie):
        for keyframe, data in super().images(movie):
            yield keyframe, data + b"x"


def test_a_picture_that_is_not_the_one_that_was_made_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="not the one that was made"):
        build_dataset(WrongPictures(TWELVE[:1]), tmp_path / "out", Recipe(), run_seed=0, render_readme=plain_readme)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_the_old_dataset_and_says_what_to_do(tmp_path, monkeypatch):
    build(tmp_path / "out", TWELVE[:3])
    before = contents(tmp_path / "out")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("moviellm.generation.dataset.parquet_files.os.fsync", full)
    with pytest.raises(ValueError, match="No space left on device.*Make room"):
        build(tmp_path / "out", TWELVE[:4])
    assert contents(tmp_path / "out") == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_progress_counts_every_movie_when_it_is_read_learned_from_and_written(tmp_path):
    counts: list[int] = []
    run = MemoryRun(TWELVE[:3])
    build_dataset(run, tmp_path / "out", Recipe(), run_seed=0, render_readme=plain_readme, progress=counts.append)
    assert sum(counts) == STEPS * 3


def test_questions_hold_their_gates(folder):
    found = {row["question_type"]: row["gates"] for row in rows(folder, "qa")}
    assert {score["name"] for score in found["visual"]} == {"chance", *GATES}
    assert found["moment"] == []


def test_exact_readers_fill_their_gates(tmp_path):
    run = MemoryRun(TWELVE[:2])
    build_dataset(
        run,
        tmp_path / "out",
        Recipe(),
        run_seed=0,
        render_readme=plain_readme,
        channels=lambda movie: {f"{movie.movie_id}-q001": {"shuffled": 0.5}},
    )
    gates = [row["gates"] for row in rows(tmp_path / "out", "qa") if row["question_type"] == "visual"]
    assert [{s["name"]: s["value"] for s in scores}["shuffled"] for scores in gates] == [0.5, 0.5]


def test_facts_have_a_table_of_gates(facts):
    table = facts.measures.gates.by_gate()
    # Every one of these questions has the answer "a brass key" in the middle.
    assert table["options_only"].questions == 12 and table["options_only"].accuracy == 1.0
    assert not table["options_only"].holds


def test_facts_count_rows_and_bytes(facts):
    assert facts.rows["movies"] == {"train": 10, "validation": 1, "test": 1}
    assert facts.total_bytes == sum(sum(sizes.values()) for sizes in facts.file_bytes.values())


def test_facts_measure_the_movies(facts):
    measures = facts.measures
    assert measures.durations_s == {32.0: 12} and measures.total_s == 384.0
    assert measures.keyframes_per_movie == {8: 12}
    assert measures.shots == {"medium": 96} and measures.image_sizes == {"64x36": 96}
    assert measures.question_types == {"overview": 12, "visual": 12, "moment": 12}
    assert measures.requires == {"vision": 24, "vision+order": 12}
    assert measures.answer_positions == {1: 12}
    assert {source.stage for source in measures.sources} == {"plot", "style", "keyframes", "dialogue", "qa"}


def test_the_sample_is_the_first_test_movie_with_its_pictures(facts):
    sample = facts.sample
    assert sample.split == "test"
    assert len(sample.questions) == 2
    assert [name for name, _, _ in sample.images] == [f"{sample.movie_id}-c0{c}-s0{s}-k00.jpg" for c, s in _scenes()]


def _scenes():
    return [(0, 0), (0, 1), (1, 0), (1, 1)]


def test_facts_report_twins_and_duplicates():
    twin = make_story(2).model_copy(update={"twin_of": "m00001"})
    splitting = facts_of([make_story(0), make_story(1), twin, make_story(3, plot=1)]).splitting
    assert (splitting.twins, splitting.pairs, splitting.clusters) == (1, 1, 1)


def test_a_run_without_questions_or_style_has_facts():
    bare = make_movie(0).model_copy(update={"qa_pairs": None, "style": None})
    facts = facts_of([bare])
    assert facts.sample.questions == () and facts.measures.styles == {"none": 1}


def test_a_fault_of_the_card_is_not_taken_for_a_full_disk(tmp_path):
    def broken(facts):
        raise FileNotFoundError("template")

    with pytest.raises(FileNotFoundError, match="template"):
        build(tmp_path / "out", TWELVE[:1], broken)
    assert list(tmp_path.iterdir()) == []
