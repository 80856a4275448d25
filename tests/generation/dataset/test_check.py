"""check.py: an intact dataset has no finding; every kind of damage has one that names the place."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from moviellm.generation.dataset.check import check_dataset
from moviellm.generation.dataset.features import FEATURES, Row, arrow_schema
from moviellm.generation.dataset.folder import MANIFEST, README, describe_file, read_manifest
from moviellm.generation.findings import Finding
from moviellm.generation.schema import TemporalSpan
from tests.factories import make_image
from tests.generation.dataset.patterned import again, build_painted, patterned
from tests.stories import build, make_story

Rows = list[Row]


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("built") / "dataset"
    build(out, [make_story(number, chapters=1) for number in range(3)], splits={"validation": 0, "test": 1})
    return out


@pytest.fixture
def folder(built, tmp_path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "dataset"))


@pytest.fixture
def loads() -> None:
    """Asked for by tests of the check that takes seconds: plain load_dataset."""


@pytest.fixture(autouse=True)
def loading(request, monkeypatch) -> None:
    if "loads" not in request.fixturenames:
        monkeypatch.setattr("moviellm.generation.dataset.checks.readme._check_loading", lambda *given: iter(()))


def found(folder: Path) -> list[Finding]:
    return list(check_dataset(folder))


def says(folder: Path, where: str, what: str) -> bool:
    return any(where in finding.where and what in finding.what for finding in found(folder))


def shard(config: str, split: str = "train") -> str:
    return f"{config}/{split}-00000-of-00001.parquet"


def edit(folder: Path, config: str, change: Callable[[Rows], Rows | None], split: str = "train") -> None:
    """Change a shard's rows and make the manifest fit, as a careless script of somebody else would."""
    path = folder / shard(config, split)
    rows = pq.read_table(path).to_pylist()
    rows = change(rows) or rows
    pq.write_table(pa.Table.from_pylist(rows, schema=arrow_schema(FEATURES[config])), path)
    accept(folder, shard(config, split), len(rows))


def accept(folder: Path, name: str, rows: int | None = None) -> None:
    manifest = read_manifest(folder)
    files = tuple(describe_file(folder, folder / name, rows) if f.path == name else f for f in manifest.files)
    (folder / MANIFEST).write_text(manifest.model_copy(update={"files": files}).text())


def test_an_intact_dataset_has_no_finding(folder, loads):
    assert found(folder) == []


def test_an_intact_dataset_without_questions_has_no_finding(tmp_path):
    build(tmp_path / "out", [make_story(0, chapters=1).model_copy(update={"qa_pairs": None})])
    assert found(tmp_path / "out") == []


@pytest.mark.parametrize("name", [".", "missing"])
def test_a_folder_that_is_no_dataset_is_an_error_of_the_caller(tmp_path, name):
    with pytest.raises(ValueError, match="no dataset folder"):
        found(tmp_path / name)


def test_a_damaged_manifest_is_the_only_finding_and_the_folder_is_to_be_deleted(folder):
    (folder / MANIFEST).write_text("[]")
    (finding,) = found(folder)
    assert finding.where == MANIFEST and f"delete {folder} first" in finding.do


def test_a_relative_path_that_begins_with_a_tilde_is_no_home_directory(folder, monkeypatch):
    folder.rename(folder.with_name("~"))
    monkeypatch.chdir(folder.parent)
    assert found(Path("~")) == []


def test_loading_leaves_nothing_in_the_shared_cache_nor_in_the_temporary_folder(folder, tmp_path, monkeypatch, loads):
    places = [tmp_path / "shared", tmp_path / "temporary"]
    places[1].mkdir()
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", places[0])
    monkeypatch.setattr("tempfile.tempdir", str(places[1]))
    assert found(folder) == []
    assert not places[0].exists() and list(places[1].iterdir()) == []


@pytest.mark.slow
def test_a_shared_cache_that_cannot_be_written_is_not_the_fault_of_the_dataset(folder, tmp_path, monkeypatch, loads):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "file" / "datasets")
    assert found(folder) == []


def test_a_newer_schema_is_the_only_finding(folder):
    manifest = read_manifest(folder)
    (folder / MANIFEST).write_text(manifest.model_copy(update={"schema_version": "9.0.0"}).text())
    (finding,) = found(folder)
    assert "9.0.0" in finding.what


def test_a_flipped_byte_is_found(folder):
    path = folder / shard("qa")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert says(folder, shard("qa"), "not those of the manifest")


def test_a_missing_file_is_found(folder):
    (folder / shard("events")).unlink()
    assert says(folder, shard("events"), "missing")


def test_a_foreign_file_is_a_warning(folder):
    (folder / "notes.txt").write_text("")
    (finding,) = found(folder)
    assert (finding.severity, finding.where) == ("warning", "notes.txt")


def test_a_shard_that_is_no_parquet_is_found(folder):
    (folder / shard("qa")).write_bytes(b"text")
    accept(folder, shard("qa"), 6)
    assert says(folder, shard("qa"), "no Parquet file")


def test_other_columns_are_found(folder):
    path = folder / shard("qa")
    pq.write_table(pq.read_table(path).drop_columns(["evidence"]), path)
    accept(folder, shard("qa"), 6)
    assert says(folder, shard("qa"), "columns")


def test_metadata_that_old_datasets_cannot_read_is_found(folder):
    path = folder / shard("qa")
    pq.write_table(pq.read_table(path).replace_schema_metadata({"huggingface": "{}"}), path)
    accept(folder, shard("qa"), 6)
    assert says(folder, shard("qa"), "datasets 3.6")


def test_a_wrong_row_count_is_found(folder):
    accept(folder, shard("qa"), 99)
    assert says(folder, shard("qa"), "the manifest says 99")


def test_a_readme_without_front_matter_is_found(folder):
    (folder / README).write_text("# dataset\n")
    accept(folder, README)
    assert says(folder, README, "front matter")


def edit_front_matter(folder: Path, change: Callable[[dict], None]) -> None:
    front = yaml.safe_load((folder / README).read_text().split("---\n")[1])
    change(front)
    (folder / README).write_text(f"---\n{yaml.safe_dump(front)}---\n")
    accept(folder, README)


def test_another_version_in_the_readme_is_found(folder):
    edit_front_matter(folder, lambda front: front["configs"][0].update(version="3.0.0"))
    assert says(folder, README, "version")


def test_other_counts_in_the_readme_are_found(folder):
    edit_front_matter(folder, lambda front: front["dataset_info"][0]["splits"][0].update(num_examples=77))
    assert says(folder, README, "77")


@pytest.mark.parametrize("path", ["nowhere/*.parquet", "../*.parquet", "/etc/*", "https://example.com/a.parquet"])
def test_data_files_that_lead_elsewhere_are_found_and_not_followed(folder, path, monkeypatch):
    monkeypatch.setattr("datasets.load_dataset", lambda *args, **more: pytest.fail("it was followed"))
    edit_front_matter(folder, lambda front: front["configs"][3]["data_files"][0].update(path=path))
    assert says(folder, README, f"'path': {path!r}")


def test_what_load_dataset_stumbles_over_is_a_finding_of_its_config(folder, monkeypatch, loads):
    def load_dataset(path, config, **more):
        if config == "qa":
            raise RuntimeError("no")
        return {split: [{"a": 1}] for split in ("train", "validation", "test")}

    monkeypatch.setattr("datasets.load_dataset", load_dataset)
    assert [(one.where, one.what) for one in found(folder)] == [
        ("qa", """load_dataset(folder, "qa") fails: RuntimeError('no')""")
    ]


def test_a_movie_in_two_splits_is_found(folder):
    (test_movie,) = pq.read_table(folder / shard("movies", "test")).to_pylist()
    edit(folder, "movies", lambda rows: [*rows, test_movie])
    assert says(folder, test_movie["movie_id"], "again in test")


def test_a_movie_in_the_wrong_split_is_found(folder):
    edit(folder, "movies", lambda rows: rows[0].update(split="test"))
    assert says(folder, "m00000", "says it is in test and lies in train")


def test_a_question_about_a_keyframe_of_another_movie_is_found(folder):
    edit(folder, "qa", lambda rows: rows[0].update(keyframe_ids=["m00003-c00-s00-k00"]))
    assert says(folder, "m00000", "no keyframe m00003-c00-s00-k00")


def test_evidence_after_the_end_is_found(folder):
    late = TemporalSpan(start_s=0.0, end_s=9999.0).model_dump()
    edit(folder, "qa", lambda rows: rows[0].update(evidence=[late]))
    assert says(folder, "m00000", "evidence ends at 9999.0 s")


def test_a_repeated_question_is_found(folder):
    edit(folder, "qa", lambda rows: [rows[0], *rows])
    assert says(folder, "m00000", "question m00000-q000 occurs 2 times")


def test_a_missing_keyframe_row_is_found(folder):
    edit(folder, "keyframes", lambda rows: rows[1:])
    assert says(folder, "m00000", "m00000-c00-s00-k00")


def test_a_line_of_no_scene_is_found(folder):
    edit(folder, "dialogue", lambda rows: rows[0].update(scene_id="m00000-c00-s77"))
    assert found(folder) != []


def test_rows_of_an_unknown_movie_are_found(folder):
    edit(folder, "events", lambda rows: rows[-1].update(movie_id="m00099"))
    assert says(folder, "m00099", "of no movie there")


def test_a_picture_that_does_not_fit_its_hash_is_found(folder):
    edit(folder, "keyframes", lambda rows: rows[0]["image"].update(bytes=make_image("another")))
    assert says(folder, "m00000-c00-s00-k00", "not the one its hash names")


def test_a_picture_of_another_size_is_found(folder):
    edit(folder, "keyframes", lambda rows: rows[0].update(width_px=65))
    assert says(folder, "m00000-c00-s00-k00", "(64, 36)")


def test_bytes_that_are_no_picture_are_found(folder):
    import hashlib

    sha256 = hashlib.sha256(b"text").hexdigest()
    edit(
        folder,
        "keyframes",
        lambda rows: rows[0].update(image={"bytes": b"text", "path": "x.jpg"}, image_sha256=sha256),
    )
    assert says(folder, "m00000-c00-s00-k00", "begins with b'text'")


def test_a_lost_picture_is_found(folder):
    edit(folder, "keyframes", lambda rows: rows[0].update(image=None))
    assert says(folder, "m00000-c00-s00-k00", "missing")


def test_near_duplicate_plots_in_two_splits_are_found(folder):
    (twin,) = pq.read_table(folder / shard("movies", "test")).to_pylist()
    events = pq.read_table(folder / shard("events", "test")).to_pylist()
    copied = ("logline", "synopsis")
    edit(folder, "movies", lambda rows: rows[0].update({name: twin[name] for name in copied}))
    edit(
        folder,
        "events",
        lambda rows: [
            {**row, "caption": events[i]["caption"]} if row["movie_id"] == "m00000" else row
            for i, row in enumerate(rows)
        ],
    )
    assert says(folder, "(test)", "near-duplicate")


def test_twins_in_two_splits_are_found(folder):
    (test_movie,) = pq.read_table(folder / shard("movies", "test")).to_pylist()
    edit(folder, "movies", lambda rows: rows[0].update(twin_of=test_movie["movie_id"]))
    assert says(folder, "m00000", "twin")


def test_a_parquet_file_that_load_dataset_would_read_too_is_an_error(folder):
    shutil.copy(folder / shard("qa"), folder / "qa/train-00001-of-00002.parquet")
    (finding,) = found(folder)
    assert (finding.severity, finding.where) == ("error", "qa/train-00001-of-00002.parquet")


def test_a_readme_that_the_manifest_does_not_list_is_found(folder):
    manifest = read_manifest(folder)
    files = tuple(file for file in manifest.files if file.path != README)
    (folder / MANIFEST).write_text(manifest.model_copy(update={"files": files}).text())
    assert says(folder, README, "does not list it")


def test_a_readme_without_a_licence_is_found(folder):
    edit_front_matter(folder, lambda front: front.pop("license"))
    assert says(folder, README, "no licence")


def test_columns_that_the_readme_tells_otherwise_are_found(folder):
    edit_front_matter(folder, lambda front: front["dataset_info"][0]["features"][0].update(dtype="int64"))
    assert says(folder, README, "columns of config movies are not those of features.json")


def test_settings_that_no_export_writes_are_found_and_not_followed(folder):
    edit_front_matter(folder, lambda front: front["configs"][0].update(builder_name="csv"))
    assert says(folder, README, "settings ['builder_name']")


def test_an_unlisted_portrait_is_found(folder):
    def name_portrait(rows: Rows) -> None:
        rows[0]["characters"][0]["portrait"] = "portraits/ab/abc.jpg"

    edit(folder, "movies", name_portrait)
    assert says(folder, "m00000", "names 'portraits/ab/abc.jpg', which the manifest does not list")


def test_questions_whose_gates_were_never_measured_are_a_warning_with_their_number(folder):
    edit(folder, "qa", lambda rows: [{**row, "gates": None} for row in rows])
    (finding,) = found(folder)
    assert finding.severity == "warning" and "6 of 9 questions were never measured" in finding.what


def test_a_gate_without_a_value_and_without_a_reason_is_found(folder):
    edit(folder, "qa", lambda rows: rows[1]["gates"][0].update(value=None, reason=None))
    assert says(folder, "qa.gates", "1 of 9 questions have a gate without a value or a reason")


def test_personal_data_is_counted_and_masked(folder):
    edit(folder, "dialogue", lambda rows: [{**row, "text": "write to jo.doe@gmail.com"} for row in rows])
    (finding,) = found(folder)
    assert finding.where == "dialogue.text" and "jo.***@*****.***" in finding.what
    assert "4 times" in finding.what and "doe" not in finding.what and "gmail" not in finding.what


def test_a_picture_with_a_position_in_it_is_found(folder):
    import hashlib
    import io

    from PIL import Image

    image, out = Image.new("RGB", (64, 36)), io.BytesIO()
    exif = Image.Exif()
    exif.get_ifd(0x8825)[1] = "N"
    image.save(out, "JPEG", exif=exif)
    data = out.getvalue()
    edit(
        folder,
        "keyframes",
        lambda rows: rows[0].update(
            image={"bytes": data, "path": "a.jpg"}, image_sha256=hashlib.sha256(data).hexdigest()
        ),
    )
    assert says(folder, "m00000-c00-s00-k00", "carries a position")


def test_a_picture_of_another_format_than_its_name_is_found(folder):
    edit(folder, "keyframes", lambda rows: rows[0]["image"].update(path="a.png"))
    assert says(folder, "m00000-c00-s00-k00", "is called 'a.png' and is a JPEG")


def test_a_listed_picture_file_that_is_html_is_found(folder):
    path = folder / "card/strip.jpg"
    path.write_text("<html><script>alert(1)</script></html>")
    manifest = read_manifest(folder)
    files = (*manifest.files, describe_file(folder, path))
    (folder / MANIFEST).write_text(manifest.model_copy(update={"files": files}).text())
    assert says(folder, "card/strip.jpg", "begins with b'<html><script>al'")


def test_movies_of_two_splits_that_share_pictures_are_found(tmp_path):
    out = tmp_path / "dataset"
    movies = [make_story(number, chapters=1) for number in range(3)]
    pictures = {movie.movie_id: [patterned(4 * number + k) for k in range(4)] for number, movie in enumerate(movies)}
    pictures["m00002"] = [again(data) for data in pictures["m00000"]]
    build_painted(out, movies, pictures)
    wrong = [one for one in found(out) if one.kind == "splits"]
    assert [one.what for one in wrong] == ["100% of the pictures of one are in the other, and they lie in two splits"]
    assert "m00000" in wrong[0].where and "m00002" in wrong[0].where


def test_a_schema_that_is_too_new_says_what_to_install(folder):
    manifest = read_manifest(folder)
    (folder / MANIFEST).write_text(manifest.model_copy(update={"schema_version": "2.0.0"}).text())
    (finding,) = found(folder)
    assert 'pip install "moviellm>=0.' in finding.what


def test_a_cell_with_more_text_than_the_viewer_should_send_is_a_warning(folder):
    edit(folder, "events", lambda rows: rows[0].update(caption="x " * 600_000))
    (finding,) = found(folder)
    assert finding.severity == "warning" and "events.caption has 1200000 characters in one cell" in finding.what


def test_the_card_is_checked_although_another_file_is_damaged(folder):
    edit_front_matter(folder, lambda front: front.pop("license"))
    (folder / shard("events")).unlink()
    assert says(folder, shard("events"), "missing") and says(folder, README, "no licence")
