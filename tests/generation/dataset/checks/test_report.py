"""report.py and checking.py: what people read, in four forms, whatever names a folder has."""

import json
import shutil
from pathlib import Path

import pytest

from moviellm.generation.cli.app import call
from moviellm.generation.dataset import checking
from moviellm.generation.dataset.checks.report import KEPT, Report
from moviellm.generation.findings import Finding
from tests.generation.dataset import hostile
from tests.stories import build, make_story


def finding(what: str, where: str = "m00001", severity: str = "error", kind: str = "rows") -> Finding:
    return Finding(severity=severity, where=where, what=what, do="build again", kind=kind)


def test_findings_that_differ_in_names_and_numbers_only_are_one_line():
    report = Report("out", [finding(f"it has {n} rows, m{n:05d} says '{n}x'", f"m{n:05d}") for n in range(1, 6)])
    (line,) = report.lines
    assert (line.count, line.places) == (5, ["m00001", "m00002", "m00003"])
    assert "it has 1 rows" in report.text() and "m00003 and 2 more" in report.text() and "(5 times)" in report.text()


def test_errors_come_before_warnings_and_kinds_together():
    report = Report("out", [finding("a", severity="warning"), finding("b", kind="size"), finding("c", kind="card")])
    assert [line.first.what for line in report.lines] == ["c", "b", "a"]


def test_the_last_line_counts():
    assert Report("out", [finding("a"), finding("b", severity="warning")]).text().endswith("out: 1 errors, 1 warnings")


def test_nothing_wrong_is_said():
    report = Report("out", [])
    assert report.text() == "out: 0 errors, 0 warnings" == report.table(80)
    assert "Nothing is wrong." in report.markdown() and "Nothing is wrong." in report.html()


def test_many_findings_are_counted_and_a_thousand_kept():
    report = Report("out", (finding(f"it has {n} rows") for n in range(20_000)))
    assert report.errors == 20_000 and len(report.kept) == KEPT and len(report.lines) == 1


def test_what_a_terminal_would_obey_is_spelt_out():
    report = Report("\x1b[2Jout", [finding("a\x1b[31m\nb", "\x1b]0;title\x07")])
    for text in (report.text(), report.markdown(), report.html()):
        assert "\x1b" not in text and "\x07" not in text and "\\x1b" in text.replace("\\\\", "\\")
    assert "\x1b]0" not in report.table(200)


def test_what_a_browser_would_run_is_text():
    page = Report("<script>", [finding("<img src=x onerror=alert(1)>")]).html()
    assert "<script>" not in page and "<img" not in page and "&lt;img" in page


def test_what_markdown_would_render_is_text():
    page = Report("out", [finding("a | b <b> [c](d) `e` *f*")]).markdown()
    assert "a \\| b \\<b\\> \\[c\\](d) \\`e\\` \\*f\\*" in page


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("built") / "dataset"
    build(out, [make_story(0, chapters=1, scenes=1)])
    return out


@pytest.fixture
def folder(built, tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr("moviellm.generation.dataset.checks.readme._check_loading", lambda *given: iter(()))
    return Path(shutil.copytree(built, tmp_path / "dataset"))


def test_a_sound_dataset_ends_with_0_and_one_line(folder, capsys):
    assert call(["dataset", "check", str(folder)]) == 0
    assert capsys.readouterr().out == f"{folder}: 0 errors, 0 warnings\n"


def test_warnings_alone_end_with_0(folder):
    (folder / "notes.txt").write_text("")
    assert call(["dataset", "check", str(folder)]) == 0


def test_errors_end_with_1_and_are_json_on_request(folder, capsys):
    hostile.listed(folder, "../x")
    assert call(["dataset", "check", str(folder), "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["errors"] == 1 and said["findings"][0]["kind"] == "folder" and said["findings"][0]["where"] == "../x"


@pytest.mark.parametrize("arguments", [["nowhere"], ["nowhere", "--revision", "v1"], [".", "--revision", "v1"]])
def test_wrong_input_ends_with_2_and_one_line(tmp_path, monkeypatch, capsys, arguments):
    monkeypatch.chdir(tmp_path)
    assert call(["dataset", "check", *arguments]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize(("name", "begins"), [("r.md", "# Check of"), ("r.html", "<!doctype html>")])
def test_a_report_is_written(folder, tmp_path, name, begins):
    assert call(["dataset", "check", str(folder), "--report", str(tmp_path / name)]) == 0
    assert (tmp_path / name).read_text().startswith(begins)


@pytest.mark.parametrize("name", ["r.pdf", "r"])
def test_a_report_of_another_format_is_refused(folder, tmp_path, name, capsys):
    assert call(["dataset", "check", str(folder), "--report", str(tmp_path / name)]) == 2
    assert ".md or .html" in capsys.readouterr().err


def test_a_report_is_not_put_into_what_is_checked(folder, capsys):
    assert call(["dataset", "check", str(folder), "--report", str(folder / "r.md")]) == 2
    assert not (folder / "r.md").exists()


def test_a_terminal_gets_a_table(folder, monkeypatch):
    (folder / "notes.txt").write_text("")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert "┏━━" in checking._shown(Report("out", [finding("a")]))


def test_memory_that_runs_out_is_a_finding_and_not_the_end(folder, monkeypatch, capsys):
    def check_dataset(folder, watch):
        yield finding("a")
        raise MemoryError

    monkeypatch.setattr(checking, "check_dataset", check_dataset)
    assert call(["dataset", "check", str(folder)]) == 1
    assert "takes more than 4 GB of memory" in capsys.readouterr().out


def test_memory_is_capped_meanwhile_and_free_again_afterwards():
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    with checking.capped_memory(200_000_000):
        assert resource.getrlimit(resource.RLIMIT_AS)[0] != before[0]
        with pytest.raises(MemoryError):
            bytearray(400_000_000)
    assert resource.getrlimit(resource.RLIMIT_AS) == before
