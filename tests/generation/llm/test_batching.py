"""The Batch API: one batch a wave, half the price, nothing lost or paid twice when the process goes."""

import asyncio
import json
from pathlib import Path

import pytest

from moviellm.generation.llm import batching
from moviellm.generation.llm.ladder import answer
from moviellm.generation.protocols import StoppedError
from tests.generation.llm.kit import Note, ask, ask_all, request, rows, service_for
from tests.servers.openai_double import openai_double


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "GATHER_S", 0.05)
    monkeypatch.setattr(batching, "POLL_FIRST_S", 0.02)


def ask_many(service, count=12):
    return asyncio.gather(*(service.exchange(ask(number)) for number in range(count)))


def test_questions_that_can_be_asked_together_go_out_as_one_batch(tmp_path: Path) -> None:
    with openai_double(batch_pending_s=0.05) as double:
        replies = ask_all(double, tmp_path, ask_many, batch=True, concurrency=2)
        assert (len(double.batches), len(double.billed), len(replies)) == (1, 12, 12)


def test_a_batch_costs_half(tmp_path: Path) -> None:
    with openai_double() as double:
        dear = ask_all(double, tmp_path / "one", lambda service: service.exchange(ask()))
        cheap = ask_all(double, tmp_path / "two", lambda service: service.exchange(ask()), batch=True)
    assert cheap.usd == pytest.approx((dear.usd or 0.0) / 2)
    assert rows(tmp_path / "two")[0]["batch"] == "batch-0"


@pytest.mark.parametrize("kind", ["row_500", "row_expired"])
def test_rows_that_fail_or_expire_go_into_the_next_batch(tmp_path: Path, kind: str) -> None:
    with openai_double() as double:
        double.plan(kind, None, kind)
        ask_all(double, tmp_path, lambda service: ask_many(service, 4), batch=True)
        assert len(double.batches) == 2
        assert len(double.billed) == 4


def test_a_server_that_holds_no_schemas_is_asked_by_the_prompt_in_the_next_batch(tmp_path: Path) -> None:
    async def job(service):
        return await asyncio.gather(*(answer(service, request(number), Note) for number in range(4)))

    with openai_double(native="ignores") as double:
        assert len(ask_all(double, tmp_path, job, batch=True)) == 4
        assert len(double.batches) == 2


def stop_while_it_waits(double, run: Path) -> None:
    """Ask, and go away before the batch is done, as a killed process does: nothing is closed in order."""

    async def job() -> None:
        service = service_for(double, run, batch=True)
        waiting = asyncio.ensure_future(ask_many(service))
        while not any(row.get("id") for row in service.log.batches.values()):
            await asyncio.sleep(0.01)
        waiting.cancel()
        await service.close()

    asyncio.run(job())


def test_a_run_that_goes_while_it_waits_finds_its_batch_again(tmp_path: Path) -> None:
    with openai_double(batch_pending_s=0.3) as double:
        stop_while_it_waits(double, tmp_path)
        replies = ask_all(double, tmp_path, ask_many, batch=True)
        assert (len(double.batches), len(double.billed), len(replies)) == (1, 12, 12)


def test_a_batch_whose_id_never_arrived_is_found_by_its_tag(tmp_path: Path) -> None:
    with openai_double(batch_pending_s=0.3) as double:
        stop_while_it_waits(double, tmp_path)
        lines = (tmp_path / "exchanges.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
        without = [line for line in lines if '"id":"batch-0"' not in line]
        assert len(without) == len(lines) - 1
        (tmp_path / "exchanges.jsonl").write_text("".join(without), encoding="utf-8")
        ask_all(double, tmp_path, ask_many, batch=True)
        assert len(double.batches) == 1


def test_a_batch_that_was_never_sent_is_sent(tmp_path: Path) -> None:
    with openai_double(batch_pending_s=0.3) as double:
        stop_while_it_waits(double, tmp_path)
        double.batches.clear()
        lines = (tmp_path / "exchanges.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
        without = [line for line in lines if '"id":"batch-0"' not in line]
        (tmp_path / "exchanges.jsonl").write_text("".join(without), encoding="utf-8")
        assert len(ask_all(double, tmp_path, ask_many, batch=True)) == 12


def test_answers_that_nobody_asks_for_any_more_are_paid_and_counted(tmp_path: Path) -> None:
    with openai_double(batch_pending_s=0.1) as double:
        stop_while_it_waits(double, tmp_path)

        async def job(service):
            await service.exchange(ask(99))
            return service.spent.calls

        assert ask_all(double, tmp_path, job, batch=True) == 13


def test_the_budget_holds_for_batches(tmp_path: Path) -> None:
    async def job(service):
        done = await asyncio.gather(*(service.exchange(ask(n)) for n in range(40)), return_exceptions=True)
        return service.spent.usd, [item for item in done if isinstance(item, StoppedError)]

    with openai_double() as double:
        spent, stopped = ask_all(double, tmp_path, job, batch=True, max_usd=0.0012)
    assert 0.0 < spent <= 0.0012
    assert stopped


def test_a_batch_row_names_its_questions_and_no_words_of_them(tmp_path: Path) -> None:
    with openai_double() as double:
        ask_all(double, tmp_path, ask_many, batch=True)
    row = rows(tmp_path, "batch")[0]
    assert set(row["asks"]) == {ask(number).key for number in range(12)}
    assert "Write a note" not in json.dumps(row)
