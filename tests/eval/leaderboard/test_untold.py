"""What is published of a row, and what the page shows, tell nobody what is right."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from moviellm.eval.judging.judge import judge_run
from moviellm.eval.leaderboard.bench import Bench
from moviellm.eval.leaderboard.entries import lines_of, transcript_rows
from moviellm.eval.leaderboard.items import item_html
from moviellm.eval.submissions.index import INDEX_FILE, index_of
from moviellm.generation.cli.app import call
from moviellm.generation.schema import QAPair
from tests.eval.judging.runs import write_run
from tests.eval.leaderboard.kit import add_row, board_of, sha_of
from tests.eval.leaderboard.real_requests import real_requests, rows_for
from tests.eval.running.movies import MOVIES, make_dataset, movie
from tests.eval.submissions.conftest import called_here
from tests.eval.submissions.kit import REVISION, write_folder
from tests.servers.judge_double import JudgeDouble, judge_double

SAID = {"m00000-q002": "yes", "m00000-q003": "7"}
"""What a submitter guesses."""
TIME = re.compile(rb"\d{4}-\d\d-\d\dT[\d:.]+(\+[\d:]+)?|\"(evaluation|retrieved)_timestamp\": *\"\d+\"")
JUDGES = ("lexical", "openai:judge-2026-03")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[JudgeDouble]:
    with judge_double() as double:
        monkeypatch.setenv("OPENAI_BASE_URL", double.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
        yield double


def published(folder: Path, gold: str, judge: str, *, reasons: bool = False) -> bytes:
    """transcripts.jsonl of a row whose questions all have this right answer."""
    run = write_run(folder / f"run-{len(gold)}", SAID, gold={"answer": gold})
    judge_run(run, judges=[judge])
    return lines_of(transcript_rows(run, reasons=reasons))


def page(folder: Path, films: Path, transcripts: bytes) -> str:
    """What a visitor sees of the questions."""
    add_row(folder, 1, 0.5)
    (folder / "results" / sha_of(1) / "transcripts.jsonl").write_bytes(transcripts)
    bench, board = Bench(str(films)), board_of(folder)
    return "".join(item_html(bench, board, name) for name in SAID)


@pytest.mark.parametrize("judge", JUDGES)
def test_the_page_of_a_question_is_the_same_whatever_is_right(
    server: JudgeDouble, films: Path, tmp_path: Path, judge: str
) -> None:
    right, wrong = (published(tmp_path, gold, judge) for gold in ("yes", "a lamp"))
    assert right != wrong, "judges decided otherwise, and the page could show it"
    shown = page(tmp_path / "right", films, right)
    assert shown == page(tmp_path / "wrong", films, wrong)
    assert "what judges decided, is not shown" in shown.replace("\n", " ")


@pytest.mark.parametrize("judge", JUDGES)
def test_a_wrong_answer_is_all_that_its_line_tells(server: JudgeDouble, tmp_path: Path, judge: str) -> None:
    lines = {published(tmp_path, gold, judge) for gold in ("a lamp", "the old tower by the river", "no")}
    assert len(lines) == 1


def test_what_may_be_seen_by_anyone_is_shown(films: Path, tmp_path: Path) -> None:
    shown = page(tmp_path / "results", films, published(tmp_path, "yes", "lexical", reasons=True))
    assert "What judges decided" in shown and "score <b><bdi>1</bdi></b>" in shown


def other_labels(folder: Path, films: Path) -> Path:
    """The same benchmark, but that something else is right of questions that the submission has wrong."""
    rows = rows_for(films, 0)
    wrong = {name for name, row in rows.items() if name.endswith("q002") and "Ada" not in str(row.get("answer"))}
    assert wrong, "the submission has one of these wrong"

    def changed(pair: QAPair) -> QAPair:
        return pair.model_copy(update={"answer": "Zoe"}) if pair.question_id in wrong else pair

    movies = [movie(number) for number in range(MOVIES)]
    return make_dataset(
        folder, [one.model_copy(update={"qa_pairs": tuple(map(changed, one.qa_pairs))}) for one in movies]
    )


def files_of(folder: Path) -> dict[str, bytes]:
    """What is published, but for the time."""
    found = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    return {name: TIME.sub(b"", path.read_bytes()) for name, path in found.items() if not name.startswith(".")}


@pytest.mark.slow  # two benchmarks are scored
def test_files_of_a_row_tell_of_a_wrong_answer_that_it_is_wrong(
    films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("leaderboard.worker", "submissions.check_verb", "submissions.scoring"):
        monkeypatch.setattr(f"moviellm.eval.{module}.in_a_cell", called_here)
    index = index_of(films, benchmark="example-org/moviellm-bench", revision=REVISION)
    [content] = real_requests(films, index, 1).values()
    found = []
    for labels in (films, other_labels(tmp_path / "labels", films)):
        place = tmp_path / f"{len(found)}"
        write_folder(place / "queue", {INDEX_FILE: index.text().encode(), **content})
        places = ["--requests", str(place / "queue"), "--results", str(place / "results"), "--labels", str(labels)]
        assert call(["leaderboard", "score", *places, "--work", str(place / "work"), "--judge", "lexical"]) == 0
        found.append(files_of(place / "results"))
    assert found[0] == found[1]
    assert {path.rsplit("/")[-1] for path in found[0]} >= {"entry.json", "items.jsonl", "transcripts.jsonl"}
