"""Real films become a benchmark: questions with evidence that exists, gated, probed by title, paid once."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.eval.bench.films_kit import asked, build, dataset, film, films, films_json, said_to
from tests.generation.imports.films.filmkit import in_this_process
from tests.servers.film_answers import FilmAnswers
from tests.servers.openai_double import Double, openai_double


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    in_this_process(monkeypatch)


@pytest.fixture
def double(monkeypatch: pytest.MonkeyPatch) -> Iterator[Double]:
    yield from serving(monkeypatch, FilmAnswers(known=("The Storm",)))


def serving(monkeypatch: pytest.MonkeyPatch, answers: FilmAnswers) -> Iterator[Double]:
    with openai_double(answers=answers) as double:
        monkeypatch.setenv("OPENAI_BASE_URL", double.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "none")
        yield double


def public(out: Path, config: str, split: str) -> list[dict[str, Any]]:
    return pq.read_table(out / "public" / config / f"{split}-00000-of-00001.parquet").to_pylist()


def test_films_become_a_benchmark_that_is_paid_once(
    tmp_path: Path, double: Double, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = films(tmp_path / "films"), tmp_path / "bench"
    assert build(folder, out, "--subtitles") == 0, capsys.readouterr().err
    said = capsys.readouterr().out
    assert "2 films with 10 questions" in said and "known by name to one" in said

    movies = {movie.title: movie for movie in asked(out)}
    for movie in movies.values():
        shots = {keyframe.keyframe_id: keyframe.span for keyframe in movie.keyframes()}
        lines = {line.line_id: line.span for line in movie.dialogue()}
        assert {question.question_type for question in movie.qa_pairs} == {"overview", "plot", "order", "moment"}
        for question in movie.qa_pairs:
            cited = [shots[one] for one in question.keyframe_ids] + [lines[one] for one in question.line_ids]
            assert cited and all(any(span.covers(one) for span in question.evidence) for one in cited)
            assert {"llm_blind", "llm_title_only", "llm_full", "repeats"} <= {score.name for score in question.gates}

    # Who knows a film by its name answers its questions: they are guessable, and the film is said to be known.
    assert all("guessable" in question.flags for question in movies["The_Storm"].qa_pairs)
    assert not any("guessable" in question.flags for question in movies["key"].qa_pairs)
    known = {row["title"]: [one["known"] for one in row["by_title"]] for row in films_json(out)["films"]}
    assert known == {"key": [False], "The Storm": [True]}
    assert "| The Storm |" in (out / "public" / "README.md").read_text(encoding="utf-8")

    # Test has no answers in public; the film whose questions its title answers is not in it.
    rows = public(out, "qa", "test")
    assert rows and all(row["answer"] is None and row["evidence"] is None for row in rows)
    assert {row["title"] for row in public(out, "movies", "test")} == {"key"}
    assert all(frame["image"]["bytes"] for frame in public(out, "keyframes", "test"))

    # The writer sees every shot that it may cite, and is not told what the film is called.
    for body in said_to(double, "questions"):
        assert "image_url" in body and "Storm" not in body.replace("The storm is near", "") and "key.mp4" not in body

    calls = sum(double.calls.values())
    assert build(folder, out, "--subtitles") == 0
    assert sum(double.calls.values()) == calls
    assert "nothing to ask" in capsys.readouterr().out


def test_a_dry_run_asks_nothing_and_says_what_would_be_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    out = tmp_path / "bench"
    assert build(films(tmp_path / "films"), out, "--dry-run", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["films"], told["questions"], told["there"]) == (2, 10, 0) and told["to_ask"] > 20
    assert told["costs"]["calls"] > 20
    assert not out.exists() and not (tmp_path / "bench.making" / "run").exists()


@pytest.mark.parametrize(
    ("see", "has"), [("captions", "stands before the wall"), ("words", "You do not see the shots")]
)
def test_a_writer_without_eyes_reads_captions_or_lines(tmp_path: Path, double: Double, see: str, has: str) -> None:
    film(tmp_path / "key.mp4")
    out = tmp_path / "bench"
    dataset(tmp_path / "key.mp4", out, see=see, overrides=("gates.vision=eyes",) if see == "captions" else ())
    bodies = said_to(double, "questions")
    assert bodies and all(has in body and "image_url" not in body for body in bodies)
    assert all(frame.caption == "" for frame in asked(out)[0].keyframes())  # captions would tell what is to be seen


@pytest.mark.parametrize(
    ("cites", "reason"),
    [("nothing", "it cites neither a keyframe nor a line"), ("invented", "there is no keyframe 'c99s99k99'")],
)
def test_questions_without_evidence_that_exists_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], cites: str, reason: str
) -> None:
    film(tmp_path / "key.mp4")
    for double in serving(monkeypatch, FilmAnswers(cites=cites)):
        assert build(tmp_path / "key.mp4", tmp_path / "bench") == 1
        assert double.calls["questions"] == 4  # two seeds, each told once what is wrong
    told = capsys.readouterr()
    assert "failed: key.mp4" in told.out and reason in told.out
    assert not (tmp_path / "bench").exists()


def test_a_citation_that_is_mended_when_told_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    film(tmp_path / "key.mp4")
    for double in serving(monkeypatch, FilmAnswers(cites="once")):
        assert dataset(tmp_path / "key.mp4", tmp_path / "bench") is not None
        assert double.calls["questions"] == 2


def test_money_that_is_spent_stops_the_films_and_the_next_run_goes_on(
    tmp_path: Path, double: Double, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    film(tmp_path / "key.mp4")
    prices = tmp_path / "prices.yaml"
    prices.write_text('{id: mine, date: "2026-01-31", models: {writer: {in: 1, out: 100}, one: {in: 1, out: 10000}}}')
    out = tmp_path / "bench"
    assert build(tmp_path / "key.mp4", out, "--max-usd", "1") == 2
    assert "has no price for writer" in capsys.readouterr().err
    monkeypatch.setenv("MOVIELLM_PRICES", str(prices))
    assert build(tmp_path / "key.mp4", out, "--max-usd", "5") == 1
    told = capsys.readouterr().err
    assert "the budget is spent" in told and "--max-usd" in told
    assert double.calls["questions"] == 1  # paid, and kept
    assert dataset(tmp_path / "key.mp4", out, max_usd=10_000.0) is not None
    assert double.calls["questions"] == 1


def test_films_that_cannot_be_asked_about_are_said_with_what_to_do(
    tmp_path: Path, double: Double, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = tmp_path / "films", tmp_path / "bench"
    film(folder / "silent.mp4", said=False)
    (folder / "broken.mp4").write_bytes(b"no film at all" * 100)
    assert build(folder, out, "--subtitles") == 2
    told = capsys.readouterr().err
    assert "put silent.srt beside it, or leave --subtitles out" in told and "broken.mp4" in told
    assert "there is no film to ask about; left out: " in told and "1 films without a subtitle" in told
    assert not double.calls


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--writer", "offline"], "written by a language model"),
        (["--see", "smell"], "allowed are pictures, captions, words"),
        (["--see", "captions"], "gates.vision=MODEL"),
        (["--set", "story.chapters=3"], "can be set"),
        (["--fewest", "0"], "--fewest is 0"),
    ],
)
def test_options_that_cannot_be_are_refused_before_the_work(
    tmp_path: Path, double: Double, options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    film(tmp_path / "key.mp4")
    assert build(tmp_path / "key.mp4", tmp_path / "bench", *options) == 2
    assert message in capsys.readouterr().err
    assert not double.calls


def test_folders_without_films_are_refused(tmp_path: Path, double: Double, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert build(tmp_path / "empty", tmp_path / "bench") == 2
    assert "there is no film in the folder" in capsys.readouterr().err
    assert build(tmp_path / "nowhere", tmp_path / "bench") == 2
    assert "there is no file or folder" in capsys.readouterr().err
