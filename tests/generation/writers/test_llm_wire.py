"""Whole movies over the wire: writer llm against a server, from the themes to a checked dataset."""

import asyncio
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from moviellm.generation.cli.app import call
from moviellm.generation.config.recipe import Recipe
from moviellm.generation.dataset.check import check_dataset
from moviellm.generation.llm import rendering
from moviellm.generation.make import MakeReport, make_run, shard_size
from moviellm.generation.runs.check import verify
from moviellm.generation.runs.record import next_record, write_record
from moviellm.generation.studios import open_studio
from tests.fakes import FakePainter
from tests.generation.writers.story_model import movies_of, recipe_of
from tests.servers import loud_answers
from tests.servers.openai_double import Double, openai_double
from tests.servers.story_answers import answers

SIZE = {"chapters": 2, "scenes": 2, "keyframes": 3}


@pytest.fixture
def double(monkeypatch: pytest.MonkeyPatch) -> Iterator[Double]:
    with openai_double(answers=answers) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
        yield server


def recipe(**keys: Any) -> Recipe:
    return recipe_of(**{"story": SIZE, **keys})


def make(run: Path, wanted: Recipe) -> MakeReport:
    """`moviellm make` without its words: writer llm over the wire, and a painter of one colour."""
    record = next_record(run, wanted, movies_per_shard=shard_size(wanted), replace=True)
    run.mkdir(exist_ok=True)
    write_record(run, record)

    async def job() -> MakeReport:
        studio = open_studio(wanted, run)
        try:
            return await make_run(run, record, studio.writer, FakePainter())
        finally:
            await studio.close()

    return asyncio.run(job())


def test_a_theme_becomes_a_checked_dataset_and_again_without_a_call(double: Double, tmp_path: Path) -> None:
    run, data = tmp_path / "run", tmp_path / "data"
    wanted = recipe()
    assert make(run, wanted).failed == {}
    assert double.calls == {"outline": 1, "chapter": 2, "scene": 4, "dialogue": 4, "questions": 2}
    assert list(verify(run)) == []
    assert call(["dataset", "build", str(run), "--out", str(data)]) == 0
    assert list(check_dataset(data)) == []
    before = Counter(double.calls)
    assert make(run, wanted).failed == {}
    assert double.calls == before


def test_an_edit_of_the_dialogue_prompt_remakes_the_dialogue_and_what_reads_it(
    double: Double, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, prompts = tmp_path / "run", tmp_path / "prompts"
    make(run, recipe())
    shutil.copytree(rendering.PROMPTS, prompts)
    monkeypatch.setattr(rendering, "PROMPTS", prompts)
    path = prompts / "dialogue.md"
    path.write_text(path.read_text(encoding="utf-8") + "Be brief.\n", encoding="utf-8")

    double.calls.clear()
    make(run, recipe())
    assert double.calls == {"dialogue": 4}  # the model says the same: the questions have nothing new to read

    path.write_text(path.read_text(encoding="utf-8") + "Shout.\n", encoding="utf-8")
    double.calls.clear()
    double.answers = loud_answers.answers
    make(run, recipe())
    scopes = {question.level for question in movies_of(run)[0].qa_pairs or ()}
    assert double.calls == {"dialogue": 4, "questions": 1} and "movie" in scopes


def test_the_same_bytes_come_out_at_any_concurrency(double: Double, tmp_path: Path) -> None:
    wide, narrow = tmp_path / "wide", tmp_path / "narrow"
    make(wide, recipe(engine={"concurrency": 64}))
    make(narrow, recipe(engine={"concurrency": 1}))
    assert movies_of(wide) == movies_of(narrow)


def test_a_line_of_somebody_nobody_introduced_is_mended_over_the_wire(double: Double, tmp_path: Path) -> None:
    spoilt: list[str] = []

    def speaks(name: str, data: dict[str, Any], schema: dict[str, Any], seed: int) -> Any:
        value = answers(name, data, schema, seed)
        if name == "dialogue" and not spoilt:
            spoilt.append("once")
            line = {"keyframe": 0, "speaker": "Zebulon", "text": "I am still here.", "emotion": "calm"}
            return {"lines": [line]}
        return value

    double.answers = speaks
    assert make(tmp_path / "run", recipe()).failed == {}
    repairs = [item["body"] for item in double.requests if len(item["body"].get("messages", ())) > 2]
    assert len(repairs) == 1 and "'Zebulon' was not introduced" in repairs[0]["messages"][-1]["content"]
