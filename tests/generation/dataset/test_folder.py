"""dataset/folder.py: what may be overwritten, and that a folder is replaced whole or not at all."""

from pathlib import Path

import pytest

from moviellm.generation.dataset.folder import (
    MANIFEST,
    DatasetManifest,
    ManifestFile,
    building_folder,
    check_target,
    describe_file,
    install,
    read_manifest,
    resolve_target,
    same_files,
)


def write_dataset(folder, content=b"one"):
    folder.mkdir(exist_ok=True)
    (folder / "README.md").write_bytes(content)
    manifest = DatasetManifest(
        name="d",
        version="0.0.1",
        schema_version="1.0.0",
        configs={"movies": {"train": 1}},
        splits=("train",),
        files=(describe_file(folder, folder / "README.md"),),
    )
    (folder / MANIFEST).write_text(manifest.text())
    return manifest


def test_a_manifest_is_read_back(tmp_path):
    manifest = write_dataset(tmp_path)
    assert read_manifest(tmp_path) == manifest


def test_a_damaged_manifest_is_an_error(tmp_path):
    (tmp_path / MANIFEST).write_text("{")
    with pytest.raises(ValueError, match="damaged"):
        read_manifest(tmp_path)


def test_a_damaged_manifest_is_healed_by_deleting_the_folder(tmp_path):
    (tmp_path / MANIFEST).write_text("")
    with pytest.raises(ValueError, match=f"delete {tmp_path} first"):
        check_target(tmp_path)


def test_a_new_or_empty_folder_may_be_written(tmp_path):
    assert check_target(tmp_path / "new") is None
    assert check_target(tmp_path) is None


def test_a_dataset_may_be_replaced(tmp_path):
    manifest = write_dataset(tmp_path)
    assert check_target(tmp_path) == manifest


def test_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="is a file"):
        check_target(tmp_path / "file")


def test_another_folder_is_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(ValueError, match="no dataset folder"):
        check_target(tmp_path)


def test_a_dataset_that_lost_its_manifest_is_to_be_deleted(tmp_path):
    write_dataset(tmp_path)
    (tmp_path / MANIFEST).unlink()
    with pytest.raises(ValueError, match="damaged, delete it first"):
        check_target(tmp_path)


@pytest.mark.parametrize("name", ["d [1", "d 1]", "d*", "d?", "a::b"])
def test_a_path_that_datasets_takes_for_a_pattern_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match="takes for a pattern"):
        check_target(tmp_path / name / "out")


@pytest.mark.parametrize("name", ["loop", "loop/d"])
def test_a_link_that_leads_to_itself_is_refused(tmp_path, name):
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(ValueError, match="leads back to itself"):
        resolve_target(tmp_path / name)


def test_a_link_to_a_folder_that_is_still_to_be_made_is_followed(tmp_path):
    (tmp_path / "link").symlink_to("new")
    assert resolve_target(tmp_path / "link") == tmp_path.resolve() / "new"


def test_a_dataset_with_foreign_files_is_refused_and_they_are_named(tmp_path):
    write_dataset(tmp_path)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").write_text("")
    with pytest.raises(ValueError, match=r"notes/mine\.txt"):
        check_target(tmp_path)


def test_the_cache_of_an_upload_is_no_foreign_file(tmp_path):
    write_dataset(tmp_path)
    (tmp_path / ".cache" / "huggingface").mkdir(parents=True)
    (tmp_path / ".cache" / "huggingface" / "x.lock").write_text("")
    assert check_target(tmp_path) is not None


def test_the_name_of_the_script_is_refused(tmp_path):
    with pytest.raises(ValueError, match="must not be called moviellm_dataset"):
        check_target(tmp_path / "moviellm_dataset")


def test_same_files_sees_a_changed_byte_and_a_missing_file(tmp_path):
    manifest = write_dataset(tmp_path)
    assert same_files(tmp_path, manifest)
    (tmp_path / "README.md").write_bytes(b"two")
    assert not same_files(tmp_path, manifest)
    (tmp_path / "README.md").unlink()
    assert not same_files(tmp_path, manifest)


def test_a_folder_takes_the_place_of_the_old_one(tmp_path):
    out = tmp_path / "out"
    write_dataset(out, b"old")
    with building_folder(out) as building:
        write_dataset(building, b"new")
        install(building, out)
    assert (out / "README.md").read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_error_while_building_leaves_the_old_one_and_nothing_else(tmp_path):
    out = tmp_path / "out"
    write_dataset(out, b"old")
    with pytest.raises(RuntimeError), building_folder(out) as building:
        write_dataset(building, b"new")
        raise RuntimeError
    assert (out / "README.md").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_two_builders_of_one_folder_do_not_meet(tmp_path):
    out = tmp_path / "out"
    with (
        building_folder(out) as building,
        pytest.raises(ValueError, match="another process"),
        building_folder(out),
    ):
        pass
    assert not building.exists()


def test_what_a_killed_build_left_is_swept(tmp_path):
    out = tmp_path / "out"
    (tmp_path / ".out.building" / "qa").mkdir(parents=True)
    (tmp_path / ".out.building" / "qa-train-00000.part").write_text("torn")
    with building_folder(out) as building:
        assert list(building.iterdir()) == []


def test_a_kill_between_the_two_renames_is_healed(tmp_path):
    out = tmp_path / "out"
    write_dataset(tmp_path / ".out.previous", b"old")
    with building_folder(out):
        assert (out / "README.md").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_the_next_builders_folder_is_left_alone(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with building_folder(out) as first:
        install(first, out)
        theirs = tmp_path / ".out.building"
        theirs.mkdir()
    assert theirs.exists()


def test_a_build_killed_between_its_renames_is_healed_before_the_target_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / ".out.previous").mkdir()
    (tmp_path / ".out.previous" / "mine.txt").write_text("mine", encoding="utf-8")
    with building_folder(tmp_path / "out"):
        assert (tmp_path / "out" / "mine.txt").exists()


def test_a_shard_that_leads_out_of_its_folder_is_not_read():
    file = ManifestFile(path="qa/train-/../../../etc/passwd", sha256="0" * 64, bytes=1, rows=1)
    manifest = DatasetManifest(name="n", version="1.0.0", schema_version="1.3.0", configs={}, splits=(), files=(file,))
    with pytest.raises(ValueError, match="which no export writes"):
        manifest.shards("qa", "train")
