"""Gates through the whole line, over HTTP: a language model's movie, its questions put to models, its dataset."""

import asyncio

import pytest

from moviellm.generation.config.recipe import Recipe
from moviellm.generation.make import MakeReport, Plan, make_run, plan_run
from moviellm.generation.runs.check import verify
from moviellm.generation.runs.record import next_record, write_record
from moviellm.generation.runs.tables import RunReader
from moviellm.generation.studios import Studio, open_studio
from tests.fakes import FakePainter
from tests.servers.gate_answers import GateAnswers
from tests.servers.openai_double import openai_double
from tests.servers.story_answers import answers as story

ORDER = {
    "themes": ["a sailor hides a compass"],
    "writer": "llm",
    "llm": {"model": "writer"},
    "story": {"chapters": 1, "scenes": 2, "keyframes": 3},
    "questions": {"per_movie": 6},
}
GATES = {"models": ["one", "two"], "vision": "eyes"}


@pytest.fixture(scope="module")
def double():
    with openai_double(answers=GateAnswers(inner=story)) as server:
        yield server


def make(run, double, monkeypatch, plan=False, **gates) -> MakeReport | Plan:
    monkeypatch.setenv("OPENAI_BASE_URL", double.base_url)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-test-only")
    recipe = Recipe.model_validate({**ORDER, "gates": {**GATES, **gates}})
    record = next_record(run, recipe, movies_per_shard=10)
    run.mkdir(exist_ok=True)
    write_record(run, record)

    async def job() -> MakeReport:
        made = open_studio(recipe, run)
        studio = Studio(writer=made.writer, painter=FakePainter(), service=made.service)
        try:
            if plan:
                return await plan_run(run, record, studio.writer, studio.painter, service=studio.service)
            return await make_run(run, record, studio.writer, studio.painter, service=studio.service)
        finally:
            await made.painter.close()
            await studio.close()

    return asyncio.run(job())


def test_gates_over_http_are_kept_and_another_threshold_asks_nothing(tmp_path, double, monkeypatch):
    run = tmp_path / "run"
    assert make(run, double, monkeypatch, plan=True).missing["gates"] > 40
    report = make(run, double, monkeypatch)
    assert report.failed == {} and report.movies == 1 and report.made["gates"] > 20
    asked = sum(double.calls.values())
    assert double.calls["gate_blind"] > 12 and double.calls["gate_full"] and double.calls["text"]
    (movie,) = RunReader(run).movies()
    assert {score.measured_by for question in movie.qa_pairs for score in question.gates} >= {"one", "two", "eyes"}
    assert all(score.value is not None for question in movie.qa_pairs for score in question.gates)
    assert [made.stage for made in movie.provenance][-2:] == ["qa", "gates"]
    assert list(verify(run)) == []

    plan = make(run, double, monkeypatch, plan=True)
    assert plan.to_make == 0 and plan.cells["gates"] == report.made["gates"] + report.reused["gates"]

    flags = [question.flags for question in movie.qa_pairs]
    report = make(run, double, monkeypatch, full_min=0.0, shown_min=0.0, shown_margin=0.0, blind_max=0.2)
    assert sum(double.calls.values()) == asked and not report.made
    (other,) = RunReader(run).movies()
    assert [question.flags for question in other.qa_pairs] != flags
    assert [question.gates for question in other.qa_pairs] == [question.gates for question in movie.qa_pairs]
