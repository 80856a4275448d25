"""`moviellm eval report`: what it writes, and what it refuses."""

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from moviellm.eval.reporting.page import page_of
from tests.eval.reporting.conftest import HOSTILE, answer, judge, made

Runs = tuple[Path, Path]


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def without_code(text: str) -> str:
    """Markdown without what stands as code."""
    return re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", text)


def test_the_same_runs_give_the_same_bytes(page: Path, runs: Runs, dataset: Path, tmp_path: Path) -> None:
    assert files(made(tmp_path / "again", runs, dataset)) == files(page)


def test_plots_of_every_kind_are_made(page: Path) -> None:
    names = {path.stem for path in page.glob("plots/*.svg")}
    assert {
        "overview",
        "controls_qa_mc",
        "differences_0",
        "judged_0",
        "by_type_qa_open",
        "recall",
        "position",
    } <= names


def test_every_plot_is_sound(page: Path) -> None:
    assert all(ElementTree.parse(path).getroot().tag.endswith("svg") for path in page.glob("plots/*.svg"))


def test_the_markdown_names_files_that_are_there(page: Path) -> None:
    named = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", without_code((page / "report.md").read_text()))
    assert named
    assert all((page / name).is_file() for name in named)


def test_the_page_asks_for_nothing(page: Path) -> None:
    asked: set[str] = set()

    class Addresses(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            named = ("src", "href", "srcset", "data", "action", "poster")
            asked.update(str(value).partition(",")[0] for name, value in attrs if name in named)

    html = (page / "report.html").read_text()
    Addresses().feed(html)
    assert {address for address in asked if not address.startswith("#")} == {"data:image/jpeg;base64", "data:"}
    style = html.partition("<style>")[2].partition("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style


def test_hostile_words_are_words(page: Path) -> None:
    html, text = (page / "report.html").read_text(), (page / "report.md").read_text()
    assert "&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;⟨U+202E⟩evil⟨U+0000⟩" in html
    assert "<img src=x" not in html + without_code(text)
    assert not set("\u202e\x00") & set(html + text)
    assert html.count("<script") == 1


def test_hostile_questions_names_and_reasons_are_words(runs: Runs, tmp_path: Path) -> None:
    run = shutil.copytree(runs[0], tmp_path / "run")
    lines = [json.loads(line) for line in (run / "answers.jsonl").read_text().splitlines()]
    hostile = {"question": HOSTILE, "type": HOSTILE, "level": HOSTILE, "options": [HOSTILE] * 3}
    (run / "answers.jsonl").write_text("".join(f"{json.dumps({**line, **hostile})}\n" for line in lines))
    results = json.loads((run / "results.json").read_bytes())
    results["model"]["id"] = results["data"]["dataset"] = HOSTILE
    results["tasks"]["qa_open"]["by_type"] = {HOSTILE: results["tasks"]["qa_open"]["metrics"], "b": {}}
    (run / "results.json").write_text(json.dumps(results))
    judge(run, {line["id"]: 0.0 for line in lines}, reason=HOSTILE)
    out = made(tmp_path / "report", (run,), None)
    html, text = (out / "report.html").read_text(), (out / "report.md").read_text()
    assert html.count("<script") == html.count("</script") == 1
    assert "<img" not in html + without_code(text)
    assert "](http" not in without_code(text)
    for path in out.rglob("*.*"):
        assert not set("\u202e\x00") & set(path.read_text())
    assert all(ElementTree.parse(path) for path in out.glob("plots/*.svg"))


def test_a_very_long_answer_is_cut_and_can_be_opened(runs: Runs, dataset: Path, tmp_path: Path) -> None:
    long = answer(dataset, tmp_path / "long", {"m00000-q002": "word " * 100_000})
    html = (made(tmp_path / "report", (long,), dataset, each=9) / "report.html").read_text()
    assert "more characters" in html
    assert "(the rest is in answers.jsonl)" in html
    assert html.count("word ") < 5_000


def test_a_page_has_no_more_bytes_than_it_may_and_says_what_is_left_out(
    runs: Runs, dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = made(tmp_path / "whole", runs[1:], dataset)
    facts = json.loads(capsys.readouterr().out)
    bare = (whole / "report.html").stat().st_size
    room = bare - sum(len(uri) for uri in re.findall('"(data:image[^"]+)"', (whole / "report.html").read_text())) // 2
    small = made(tmp_path / "small", runs[1:], dataset, page_mb=room / 1e6)
    left = json.loads(capsys.readouterr().out)["pictures_left_out"]
    assert facts["pictures_left_out"] == 0 < left < facts["pictures"]
    html = (small / "report.html").read_text()
    assert f"{left:,} of {facts['pictures']:,} pictures have no room" in html
    assert len(html.encode()) <= room + 200


def test_without_the_dataset_the_report_says_that_pictures_are_missing(runs: Runs, tmp_path: Path) -> None:
    out = made(tmp_path / "report", runs[1:], None)
    for name in ("report.html", "report.md"):
        assert "Pictures and spoken lines are missing" in (out / name).read_text()
    assert "Who keeps the key?" in (out / "report.html").read_text()


def test_data_of_other_rows_is_refused(runs: Runs, tmp_path: Path) -> None:
    other = shutil.copytree(runs[1], tmp_path / "other")
    results = json.loads((other / "results.json").read_bytes())
    results["data"]["rows_sha256"] = "f" * 64
    (other / "results.json").write_text(json.dumps(results))
    dataset = tmp_path / "nowhere"
    with pytest.raises(ValueError, match="nowhere"):
        made(tmp_path / "report", (other,), dataset)


def test_a_folder_with_other_things_is_not_touched(runs: Runs, tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "a.txt").write_text("dear")
    with pytest.raises(ValueError, match="something else than a report"):
        made(tmp_path / "letters", runs, None)
    assert [path.name for path in (tmp_path / "letters").iterdir()] == ["a.txt"]


def test_a_report_made_again_leaves_no_plots_of_the_earlier_one(runs: Runs, dataset: Path, tmp_path: Path) -> None:
    out = made(tmp_path / "report", (runs[0],), dataset)
    assert list(out.glob("plots/controls_*.svg"))
    made(out, (runs[1],), dataset)
    assert not list(out.glob("plots/controls_*.svg"))
    assert not list(out.glob("tables/controls*.tex"))


def test_an_invalid_judgement_is_said_first(runs: Runs, dataset: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(runs[0], tmp_path / "run")
    path = folder / "judged" / "a-judge" / "judgement.json"
    path.write_text(path.read_text().replace('"valid": true', '"valid": false'))
    html = (made(tmp_path / "report", (folder,), dataset) / "report.html").read_text()
    assert "is INVALID: 2.0% of the answers are unscored" in html
    assert html.index("is INVALID") < html.index('id="scores"')


def test_runs_without_a_question_in_common_stand_side_by_side_with_a_note(
    runs: Runs, dataset: Path, tmp_path: Path
) -> None:
    other = shutil.copytree(runs[1], tmp_path / "other")
    lines = (other / "answers.jsonl").read_text().replace('"id":"', '"id":"x-')
    (other / "answers.jsonl").write_text(lines)
    text = (made(tmp_path / "report", (runs[0], other), dataset) / "report.md").read_text()
    assert "are not compared" in text


def test_no_failure_is_shown_where_none_is_wanted(runs: Runs, dataset: Path, tmp_path: Path) -> None:
    assert 'id="failures"' not in (made(tmp_path / "report", runs[1:], dataset, each=0) / "report.html").read_text()


@pytest.mark.parametrize("options", [{"each": -1}, {"page_mb": 0.0}, {"page_mb": float("nan")}])
def test_options_out_of_bounds_are_refused(runs: Runs, tmp_path: Path, options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="--"):
        made(tmp_path / "report", runs, None, **options)


def test_a_picture_that_is_none_leaves_a_blank(page: Path) -> None:
    from moviellm.eval.reporting.failures import Failure, Picture
    from moviellm.eval.reporting.view import View

    frame = Picture(keyframe_id="k", start_s=1.0, caption="", role="evidence")
    one = Failure(
        item_id="q", tasks=("qa_open",), question_type="count", level="movie", movie="m", film=None, duration_s=8.0,
        question="How many?", options=(), gold="2", evidence=(), tries=(), frames=(frame,), lines=(), rank=0,
    )  # fmt: skip
    view = View(title="T", about="", runs=(), notes=())
    html, left = page_of(view, [one], {"k": b"not a picture"}, most_bytes=10_000_000, lead="")
    assert (left, 'class="blank"' in html) == (0, True)
