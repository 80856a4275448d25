"""Folders that were made to hurt: each ends as a finding or one line, and nothing outside them is read or written."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from moviellm.generation.dataset.check import check_dataset
from moviellm.generation.dataset.checks import folder as names
from moviellm.generation.dataset.checks import parquet
from moviellm.generation.dataset.checks.parquet import parquet_problems, read_rows
from moviellm.generation.dataset.checks.readme import read_front_matter
from moviellm.generation.dataset.folder import FEATURES_FILE, MANIFEST, README
from moviellm.generation.dataset.results import RESULTS_FILE
from tests.generation.dataset import hostile
from tests.stories import build, make_story

EVENTS = "events/train-00000-of-00001.parquet"


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("built") / "dataset"
    build(out, [make_story(0, chapters=1, scenes=1)])
    return out


@pytest.fixture
def folder(built, tmp_path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "in" / "dataset"))


@pytest.fixture(autouse=True)
def loading(monkeypatch) -> None:
    monkeypatch.setattr("moviellm.generation.dataset.checks.readme._check_loading", lambda *given: iter(()))


_opened: list[str] | None = None


def _hook(event: str, arguments: tuple) -> None:
    if event == "open" and _opened is not None and isinstance(arguments[0], str):
        _opened.append(arguments[0])


sys.addaudithook(_hook)  # the interpreter has no way to take it off again: it does nothing but in `opened`


@pytest.fixture
def opened() -> Iterator[list[str]]:
    """Paths that Python opens meanwhile."""
    global _opened
    _opened = []
    yield _opened
    _opened = None


def what(folder: Path) -> list[str]:
    return [f"{finding.where}: {finding.what}" for finding in check_dataset(folder)]


def test_the_folder_that_is_made_hostile_is_sound(folder):
    assert what(folder) == []


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../secret.txt", "part '..'"),
        ("qa/../../secret.txt", "part '..'"),
        ("/etc/passwd", "absolute"),
        ("..\\secret.txt", "backslash"),
        ("C:\\secret.txt", "backslash"),
        ("C:secret.txt", "colon"),
        ("qa//x.parquet", "part ''"),
        ("./x.parquet", "part '.'"),
        ("a\nb", "characters"),
        ("\x1b[31mred", "characters"),
        ("a" * 300, "more than 255 bytes"),
    ],
)
def test_a_listed_name_that_leads_elsewhere_is_not_opened(folder, opened, name, reason):
    (folder.parent / "secret.txt").write_text("12345")
    hostile.listed(folder, name)
    opened.clear()
    (finding,) = [one for one in check_dataset(folder) if "is not opened" in one.what]
    assert reason in finding.what and finding.where.isprintable()
    assert not [path for path in opened if "secret" in path or "passwd" in path]


def test_a_nul_in_a_listed_name_damages_the_manifest(folder):
    hostile.listed(folder, "qa/x\0.parquet")
    assert what(folder) == [f"{MANIFEST}: it is damaged"]


@pytest.mark.parametrize("name", [EVENTS, README, FEATURES_FILE, MANIFEST, RESULTS_FILE])
def test_a_link_that_leads_outside_is_not_followed(folder, opened, name):
    outside = folder.parent / "outside"
    if (folder / name).exists():
        shutil.move(folder / name, outside)
    else:
        outside.write_text("{}")
    (folder / name).symlink_to(outside)
    opened.clear()
    assert f"{name}: it is a symbolic link" in what(folder)
    assert str(outside) not in opened and str(folder / name) not in opened


def test_a_linked_folder_is_not_entered(folder, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x").write_text("")
    (folder / "more").symlink_to(tmp_path / "elsewhere")
    assert what(folder) == ["more: it is a symbolic link"]


@pytest.mark.parametrize("name", [EVENTS, README, FEATURES_FILE, MANIFEST, RESULTS_FILE, "card/strip.jpg"])
def test_a_pipe_is_not_opened(folder, opened, name):
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    opened.clear()
    assert f"{name}: it is neither a file nor a folder" in what(folder)
    assert str(folder / name) not in opened


def test_the_links_of_the_hugging_face_cache_are_followed(folder, tmp_path):
    snapshot, blobs = tmp_path / "repo/snapshots/abc", tmp_path / "repo/blobs"
    blobs.mkdir(parents=True)
    for number, path in enumerate(path for path in sorted(folder.rglob("*")) if path.is_file()):
        place = snapshot / path.relative_to(folder)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(os.path.relpath(shutil.copy(path, blobs / str(number)), place.parent))
    assert what(snapshot) == []
    (snapshot / "more").symlink_to(folder / README)
    assert what(snapshot) == ["more: it is a symbolic link"]


def test_names_that_differ_in_case_only_are_found(folder):
    shutil.copytree(folder / "card", folder / "Card")
    assert "Card/chart.svg: it differs" in "\n".join(what(folder)) or "card/chart.svg: it differs" in "\n".join(
        what(folder)
    )


def test_a_name_that_is_no_text_is_found_and_spelt_out(folder):
    with open(os.fsencode(folder) + b"/\xff", "w"):
        pass
    (finding,) = list(check_dataset(folder))
    assert finding.where == "\\udcff" and "characters" in finding.what


@pytest.mark.parametrize("name", [MANIFEST, README, FEATURES_FILE, RESULTS_FILE])
def test_a_gigabyte_where_a_page_belongs_is_not_read(folder, name):
    with open(folder / name, "ab") as file:
        file.truncate(1_000_000_000)
    if name != MANIFEST:
        content = json.loads((folder / MANIFEST).read_text())
        content["files"] = [one for one in content["files"] if one["path"] != name]
        (folder / MANIFEST).write_text(json.dumps(content))
    found = "\n".join(what(folder))
    said = {MANIFEST: "it is damaged", RESULTS_FILE: "1000000000 bytes; at most"}
    assert said.get(name, "the manifest does not list it") in found


@pytest.mark.parametrize("name", [README, FEATURES_FILE])
def test_a_page_that_is_longer_than_any_is_not_read(folder, monkeypatch, name):
    monkeypatch.setattr(f"moviellm.generation.dataset.checks.readme.{name.split('.')[0].upper()}_BYTES_MAX", 100)
    assert any(f"{name} has" in one and "bytes; at most 100 are read" in one for one in what(folder))


@pytest.mark.parametrize("name", [MANIFEST, FEATURES_FILE, RESULTS_FILE])
@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_json_that_is_nested_too_deeply_is_a_finding(folder, name, opening):
    (folder / name).write_text(opening * 50_000)
    if name != MANIFEST:
        hostile.accept(folder, name)
    assert any(name in one for one in what(folder))


@pytest.mark.parametrize(
    ("yaml", "reason"),
    [
        ("a: !!python/object/apply:os.system ['touch harm']", "no plain YAML"),
        ("a: !!python/name:os.system", "no plain YAML"),
        (
            "a: &a [x, x]\n"
            + "".join(
                f"k{n}: &b{n} [*{'a' if n == 0 else f'b{n - 1}'}" + f", *{'a' if n == 0 else f'b{n - 1}'}" * 9 + "]\n"
                for n in range(12)
            ),
            "more than 50000 values",
        ),
        ("a: &a [*a]", "more than 50000 values"),
        ("a: " + "[" * 5_000, "nested too deeply"),
        ("a: " + "{b: " * 5_000, "nested too deeply"),
        ("a: " + "x" * 400_000, "more than 300000 bytes"),
        ("- a", "no mapping"),
        ("a: [", "no plain YAML"),
    ],
)
def test_yaml_bombs_are_refused(yaml, reason, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=reason):
        read_front_matter(f"---\n{yaml}\n---\n")
    assert list(tmp_path.iterdir()) == []


def test_a_few_aliases_are_plain_values():
    assert read_front_matter("---\na: &a [1]\nb: *a\n---\nrest\n") == ({"a": [1], "b": [1]}, "rest\n")


def test_a_readme_that_is_a_bomb_is_one_finding(folder):
    (folder / README).write_text("---\na: &a [*a]\n---\n")
    hostile.accept(folder, README)
    (finding,) = what(folder)
    assert finding.startswith(README) and "more than 50000 values" in finding


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (hostile.png_of(60_000, 60_000), "Image size (3600000000 pixels) exceeds limit"),
        (hostile.png_of(8_000, 8_000), "8000 x 8000 pixels; at most 50000000 are unpacked"),
        (hostile.png_of(2**31 - 1, 2**31 - 1), "cannot be decoded"),
        (b"<html><body>hello</body></html>", "begins with b'<html>"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "begins with b'<svg"),
        (b"GIF89a" + bytes(50), "begins with b'GIF89a"),
        (b"\xff\xd8\xff\xe0" + bytes(50), "begins with"),
        (b"", "begins with b''"),
    ],
)
def test_pictures_that_are_none_or_too_large_are_not_unpacked(data, reason):
    from moviellm.generation.dataset.checks.pictures import look_at

    assert reason in (look_at(data, "x.jpg").problem or "")


def test_a_billion_declared_rows_are_not_read(tmp_path):
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"a": [f"m{number:05d}" for number in range(12_345)]}), path)
    assert list(parquet_problems(path)) == []
    hostile.declare_rows(path, 10**9)
    (problem,) = parquet_problems(path)
    assert "declares 1000000000 rows in" in problem


def test_a_billion_rows_that_the_manifest_declares_are_a_finding(folder):
    content = json.loads((folder / MANIFEST).read_text())
    for file in content["files"]:
        if file["path"] == EVENTS:
            file["rows"] = 10**9
    (folder / MANIFEST).write_text(json.dumps(content))
    assert f"{EVENTS}: it has 2 rows, the manifest says 1000000000" in what(folder)


def test_a_value_that_is_repeated_a_million_times_by_a_run_length_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "VALUES_MAX", 1_000)
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"a": pa.array([[None] * 5_000], pa.list_(pa.string()))}), path)
    (problem,) = parquet_problems(path)
    assert "row group 0 has 5000 values, at most 1000" in problem


def test_a_page_that_unpacks_to_gigabytes_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "SCAN_BYTES", 1_000_000)
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"a": ["x" * 3_000_000]}), path, compression="gzip", use_dictionary=False)
    assert path.stat().st_size < 20_000
    (problem,) = parquet_problems(path)
    assert "row group 0 unpacks to 30000" in problem


def test_a_page_header_that_says_more_than_its_footer_is_believed(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "SCAN_BYTES", 5_000)
    path = tmp_path / "x.parquet"
    pq.write_table(
        pa.table({"a": ["y" * 777]}), path, use_dictionary=False, compression="gzip", write_statistics=False
    )
    assert list(parquet_problems(path)) == []
    hostile.declare_page(path, 787, 8_000)
    (problem,) = parquet_problems(path)
    assert "unpacks to 8000 bytes" in problem


@pytest.mark.parametrize("cut", [0, 3, 11, 40, -1, -5, -9])
def test_a_torn_parquet_file_is_a_problem_and_no_crash(tmp_path, cut):
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"a": ["x"] * 100}), path)
    path.write_bytes(path.read_bytes()[:cut])
    assert len(list(parquet_problems(path))) == 1


def test_any_flipped_byte_of_a_parquet_file_is_read_or_refused_and_no_crash(tmp_path):
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"a": ["x", "yy", None], "b": [[1], [2, 3], None]}), path)
    good = path.read_bytes()
    for place in range(0, len(good), 3):
        path.write_bytes(good[:place] + bytes([good[place] ^ 0x55]) + good[place + 1 :])
        if next(parquet_problems(path), None) is None:
            try:
                list(read_rows(path))
            except (OSError, ValueError, pa.ArrowException):
                continue


def test_a_schema_of_many_columns_is_not_handed_to_pyarrow(tmp_path, monkeypatch):
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({f"c{n}": [1] for n in range(3_000)}), path)
    monkeypatch.setattr("pyarrow.parquet.read_metadata", lambda path: pytest.fail("it was"))
    (problem,) = parquet_problems(path)
    assert "a schema of 3001 nodes" in problem


def test_text_that_a_dictionary_repeats_is_not_read_to_the_end(folder):
    hostile.write_amplified(folder / EVENTS, rows=20_000, characters=100_000)
    hostile.accept(folder, EVENTS, rows=20_000)
    assert (folder / EVENTS).stat().st_size < 300_000
    assert any("unpacks to far more text" in one for one in what(folder))


def test_too_many_entries_in_one_folder_are_found(folder, monkeypatch):
    monkeypatch.setattr(names, "FOLDER_ENTRIES", 5)
    assert any("5 entries in one folder; the Hub takes fewer than 5" in one for one in what(folder / ".")) is False
    for number in range(5):
        (folder / "card" / f"{number}.svg").write_text("")
    assert any("card: 6 entries in one folder" in one for one in what(folder))


def test_too_many_files_are_found_and_the_rest_is_not_looked_at(folder, monkeypatch):
    monkeypatch.setattr(names, "ENTRIES_SEEN_MAX", 6)
    assert any("more than 6 files" in one for one in what(folder))


@pytest.mark.parametrize(("size", "severity"), [(60, "warning"), (300, "error")])
def test_files_that_the_hub_does_not_like_are_found(folder, monkeypatch, size, severity):
    monkeypatch.setattr(names, "GB", 1)
    monkeypatch.setattr(names, "FILE_BYTES_ADVISED", 50)
    monkeypatch.setattr(names, "FILE_BYTES_MAX", 200)
    (folder / "card/chart.svg").write_bytes(b"x" * size)
    hostile.accept(folder, "card/chart.svg")
    kinds = {one.severity for one in check_dataset(folder) if one.where == "card/chart.svg" and one.kind == "size"}
    assert kinds == {severity}


def test_a_folder_of_bombs_takes_little_memory(folder, tmp_path):
    """A process of its own, whose largest size is measured."""
    hostile.write_amplified(folder / EVENTS, rows=20_000, characters=1_000_000)
    hostile.accept(folder, EVENTS, rows=20_000)
    (folder / "card/strip.png").write_bytes(hostile.png_of(60_000, 60_000))
    hostile.accept(folder, "card/strip.png")
    with open(folder / RESULTS_FILE, "wb") as file:
        file.truncate(4_000_000_000)
    program = (  # VmHWM and not ru_maxrss, which begins at the size of the process that started this one
        "import re, sys\n"
        "from moviellm.generation.cli.app import call\n"
        "code = call(['dataset', 'check', sys.argv[1], '--json'])\n"
        "kib = re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read()).group(1)\n"
        "print(code, int(kib) // 1024, file=sys.stderr)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(folder)], capture_output=True, text=True, timeout=120)
    code, megabytes = map(int, ended.stderr.split()[-2:])
    assert code == 1 and megabytes < 1_000
    said = json.loads(ended.stdout)
    assert {"files", "pictures", "rows"} <= {one["kind"] for one in said["findings"]} | {"files"}
