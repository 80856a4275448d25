"""upgrade.py: a dataset of an older schema is written in the current one, and nothing else about it changes."""

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from moviellm.generation.cli.app import call
from moviellm.generation.dataset.check import check_dataset
from moviellm.generation.dataset.folder import MANIFEST, README, describe_file, read_manifest
from moviellm.generation.dataset.results import RESULTS_FILE, Results, rows_sha256
from moviellm.generation.dataset.upgrade import upgrade_dataset
from moviellm.generation.schema import SCHEMA_VERSION
from tests.generation.dataset.older_shapes import VERSIONS, lacking, make_older
from tests.stories import build, make_story


@pytest.fixture(scope="module")
def current(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("current") / "dataset"
    build(out, [make_story(number, chapters=1, scenes=1) for number in range(2)], splits={"validation": 0, "test": 1})
    return out


@pytest.fixture
def folder(current, tmp_path) -> Path:
    return Path(shutil.copytree(current, tmp_path / "old"))


@pytest.fixture(autouse=True)
def loading(monkeypatch) -> None:
    monkeypatch.setattr("moviellm.generation.dataset.checks.readme._check_loading", lambda *given: iter(()))


def rows(folder: Path) -> dict[str, list[dict]]:
    files = [file.path for file in read_manifest(folder).files if file.rows is not None]
    return {path: pq.read_table(folder / path).to_pylist() for path in files}


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def fix_version(folder: Path, version: str) -> None:
    text = (folder / README).read_text().replace(f"version: {read_manifest(folder).version}", f"version: {version}")
    (folder / README).write_text(text)
    accept(folder, README, version=version)


def accept(folder: Path, name: str, **changes: str) -> None:
    manifest = read_manifest(folder)
    files = {file.path: file for file in manifest.files}
    files[name] = describe_file(folder, folder / name, files[name].rows if name in files else None)
    update = {"files": tuple(files[path] for path in sorted(files)), **changes}
    (folder / MANIFEST).write_text(manifest.model_copy(update=update).text())


def put_results(folder: Path) -> None:
    results = Results(
        dataset="d",
        version="1",
        rows_sha256=rows_sha256(read_manifest(folder).files),
        level=0.95,
        movies_min=2,
        resamples=1,
        seed=0,
        code_version="0.1.0",
        metrics=(),
    )
    (folder / RESULTS_FILE).write_text(results.text())
    accept(folder, RESULTS_FILE)


@pytest.mark.parametrize("version", VERSIONS)
def test_an_older_dataset_has_the_rows_and_pictures_of_a_new_one(folder, current, tmp_path, version):
    make_older(folder, version)
    done = upgrade_dataset(folder, tmp_path / "new")
    assert rows(tmp_path / "new") == rows(current)
    assert set(done.added) == set(lacking(version)) and done.from_schema == version
    assert list(check_dataset(tmp_path / "new")) == []


def test_an_older_dataset_is_checked_as_it_is_with_one_warning(folder):
    make_older(folder, "1.0.0")
    (finding,) = check_dataset(folder)
    assert finding.severity == "warning" and "schema 1.0.0, older than" in finding.what
    assert "moviellm dataset upgrade" in finding.do


def test_the_older_dataset_stays_as_it_is(folder, tmp_path):
    make_older(folder, "1.1.0")
    before = contents(folder)
    upgrade_dataset(folder, tmp_path / "new")
    assert contents(folder) == before


def test_a_current_dataset_keeps_every_byte(folder, tmp_path):
    put_results(folder)
    done = upgrade_dataset(folder, tmp_path / "new")
    assert contents(tmp_path / "new") == contents(folder) and done.added == done.left_out == ()


@pytest.mark.slow
def test_upgrading_twice_is_upgrading_once(folder, tmp_path):
    make_older(folder, "1.0.0")
    upgrade_dataset(folder, tmp_path / "new")
    upgrade_dataset(tmp_path / "new", tmp_path / "newer")
    assert contents(tmp_path / "newer") == contents(tmp_path / "new")


def test_a_version_by_contents_is_numbered_again(folder, tmp_path):
    make_older(folder, "1.1.0")
    done = upgrade_dataset(folder, tmp_path / "new")
    assert done.manifest.version.startswith("0.0.") and done.manifest.version != done.from_version


def test_a_fixed_version_names_no_other_rows(folder, tmp_path):
    make_older(folder, "1.1.0")
    fix_version(folder, "1.4.0")
    with pytest.raises(ValueError, match=r"version 1\.4\.0, which must not name other rows; give --version 1\.5\.0"):
        upgrade_dataset(folder, tmp_path / "new")
    with pytest.raises(ValueError, match=r"version 1\.4\.0 has other rows already"):
        upgrade_dataset(folder, tmp_path / "new", "1.4.0")
    assert not (tmp_path / "new").exists()
    assert upgrade_dataset(folder, tmp_path / "new", "1.5.0").manifest.version == "1.5.0"
    assert list(check_dataset(tmp_path / "new")) == []


@pytest.mark.parametrize("version", ["2", "2.0", "v2.0.0", "2.0.0-rc1", "02.0.0", ""])
def test_a_version_that_is_none_is_refused(folder, tmp_path, version):
    with pytest.raises(ValueError, match="three numbers are expected"):
        upgrade_dataset(folder, tmp_path / "new", version)


def test_results_of_other_files_are_left_out_and_named(folder, tmp_path):
    make_older(folder, "1.1.0")
    put_results(folder)
    done = upgrade_dataset(folder, tmp_path / "new")
    assert done.left_out == (RESULTS_FILE,) and not (tmp_path / "new" / RESULTS_FILE).exists()


def test_the_card_keeps_its_text_and_says_what_was_done(folder, tmp_path):
    make_older(folder, "1.1.0")
    upgrade_dataset(folder, tmp_path / "new")
    text = (tmp_path / "new" / README).read_text()
    assert "# A card\n" in text and f"from data model 1.1.0 (dataset {read_manifest(folder).version}) to" in text
    assert "`keyframes.not_drawn`, `qa.flags`" in text


def test_files_beside_the_rows_are_copied(folder, tmp_path):
    make_older(folder, "1.0.0")
    upgrade_dataset(folder, tmp_path / "new")
    assert (tmp_path / "new/card/chart.svg").read_bytes() == (folder / "card/chart.svg").read_bytes()


def test_a_schema_that_is_too_new_says_what_to_install(folder, tmp_path):
    accept(folder, README, schema_version="2.1.0")
    with pytest.raises(ValueError, match=r'schema 2\.1\.0, this moviellm reads up to .*; pip install "moviellm>=0'):
        upgrade_dataset(folder, tmp_path / "new")


def test_a_damaged_dataset_is_not_upgraded(folder, tmp_path):
    (folder / "qa/train-00000-of-00001.parquet").unlink()
    with pytest.raises(ValueError, match="the file is missing.*moviellm dataset check"):
        upgrade_dataset(folder, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_movie_that_breaks_the_rules_is_named_and_nothing_is_written(folder, tmp_path):
    path = folder / "events/train-00000-of-00001.parquet"
    table = pq.read_table(path)
    broken = [{**row, "participants": ["nobody"]} for row in table.to_pylist()]
    pq.write_table(table.from_pylist(broken, schema=table.schema), path)
    accept(folder, "events/train-00000-of-00001.parquet")
    with pytest.raises(ValueError, match="m0000. cannot be upgraded"):
        upgrade_dataset(folder, tmp_path / "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["old"]


def test_the_dataset_itself_is_not_written_over(folder):
    with pytest.raises(ValueError, match="is the dataset itself"):
        upgrade_dataset(folder, folder)


def test_a_folder_of_other_things_is_not_written_over(folder, tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "new/mine.txt").write_text("")
    with pytest.raises(ValueError, match="holds other files"):
        upgrade_dataset(folder, tmp_path / "new")


def test_progress_counts_movies(folder, tmp_path):
    from contextlib import contextmanager

    steps: list[tuple[str, int]] = []

    @contextmanager
    def watch(label, total, unit):
        yield lambda count: steps.append((f"{label} {total} {unit}", count))

    make_older(folder, "1.0.0")
    upgrade_dataset(folder, tmp_path / "new", watch=watch)
    assert [step for step in steps if step[0].startswith("upgrading")] == [("upgrading 2 movies", 1)] * 2


def test_the_verb_says_what_it_did(folder, tmp_path, capsys):
    make_older(folder, "1.1.0")
    assert call(["dataset", "upgrade", str(folder), "--out", str(tmp_path / "new"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["from_schema_version"] == "1.1.0" and said["schema_version"] == SCHEMA_VERSION
    assert sorted(said["added"]) == ["keyframes.not_drawn", "qa.flags"]


def test_a_hostile_folder_is_not_upgraded_and_its_links_are_not_followed(folder, tmp_path):
    shutil.move(folder / MANIFEST, tmp_path / "outside")
    (folder / MANIFEST).symlink_to(tmp_path / "outside")
    with pytest.raises(ValueError, match=r"manifest\.json: it is a symbolic link"):
        upgrade_dataset(folder, tmp_path / "new")
