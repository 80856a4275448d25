"""The service against a real server: what is paid once, what is tried again, what ends the run."""

import asyncio
from pathlib import Path

import pytest

from moviellm.generation.llm import faults
from moviellm.generation.protocols import StoppedError
from tests.generation.llm.kit import ask, ask_all, image_ask, rows
from tests.servers.openai_double import HTTP_FAULTS, openai_double

AGAIN = [kind for kind in HTTP_FAULTS if kind != "drip"]


def test_a_reply_says_what_it_cost(tmp_path: Path) -> None:
    with openai_double() as double:
        reply = ask_all(double, tmp_path, lambda service: service.exchange(ask()))
    assert reply.usd == pytest.approx((reply.tokens_in * 1.0 + reply.tokens_out * 10.0) / 1e6)
    assert (reply.finish_reason, reply.refusal) == ("stop", None)


def test_the_log_tells_all_about_an_exchange(tmp_path: Path) -> None:
    with openai_double() as double:
        double.plan("500")
        ask_all(double, tmp_path, lambda service: service.exchange(ask()))
    row = rows(tmp_path)[0]
    assert (row["key"], row["task"], row["model"], row["attempts"]) == (ask().key, "note", "m", ["500"])
    assert (row["prices"], row["id"], row["finish_reason"]) == ("tests 2026-01-31", "reply-0000001", "stop")
    assert row["latency_s"] > 0


def test_a_kept_reply_is_not_paid_again(tmp_path: Path) -> None:
    with openai_double() as double:
        first = ask_all(double, tmp_path, lambda service: service.exchange(ask()))
        second = ask_all(double, tmp_path, lambda service: service.exchange(ask()))
    assert first == second
    assert double.calls["note"] == 1


def test_the_same_question_asked_twice_at_once_is_paid_once(tmp_path: Path) -> None:
    with openai_double(latency_s=0.02) as double:
        ask_all(double, tmp_path, lambda service: asyncio.gather(*(service.exchange(ask()) for _ in range(5))))
    assert double.calls["note"] == 1


def test_a_void_reply_is_asked_for_again_and_its_cost_stays(tmp_path: Path) -> None:
    async def job(service):
        await service.exchange(ask())
        service.void([ask().key])
        await service.exchange(ask())
        return service.spent.calls

    with openai_double() as double:
        assert ask_all(double, tmp_path, job) == 2
    assert double.calls["note"] == 2


def test_a_kept_picture_is_not_paid_again_until_its_cells_are_committed(tmp_path: Path) -> None:
    async def job(service):
        one = await service.image(image_ask())
        assert await service.image(image_ask()) == one
        service.settled()
        await service.image(image_ask())
        return service.spent

    with openai_double() as double:
        spent = ask_all(double, tmp_path, job)
    assert (double.calls["image"], spent.images, spent.usd) == (2, 2, pytest.approx(0.02))


@pytest.mark.parametrize("kind", AGAIN)
def test_a_fault_is_tried_again(tmp_path: Path, kind: str) -> None:
    with openai_double() as double:
        double.plan(None, kind, kind)
        ask_all(double, tmp_path, lambda service: service.exchange(ask(1)))
        ask_all(double, tmp_path, lambda service: service.exchange(ask(2)))
        assert double.calls["note"] == 4
    assert rows(tmp_path)[1]["attempts"] == [kind.partition("_")[0]] * 2


def test_an_answer_that_drips_is_cut_off_and_tried_again(tmp_path: Path) -> None:
    with openai_double() as double:
        double.plan("drip")
        ask_all(double, tmp_path, lambda service: service.exchange(ask()), timeout_s=0.3)
    assert rows(tmp_path)[0]["attempts"] == ["timeout"]


def test_a_picture_is_tried_again_too(tmp_path: Path) -> None:
    with openai_double() as double:
        double.plan("503", "empty")
        assert ask_all(double, tmp_path, lambda service: service.image(image_ask())).image.startswith(b"\xff\xd8")
    assert rows(tmp_path, "image")[0]["attempts"] == ["503", "empty"]


def test_a_call_given_up_while_others_pass_is_a_failure_with_its_classes(tmp_path: Path) -> None:
    async def job(service):
        await service.exchange(ask(0))
        return await service.exchange(ask(1))

    with openai_double() as double:
        double.plan(None, "500", "reset", "500")
        with pytest.raises(ValueError, match=r"given up after 3 tries: 500 x2, reset"):
            ask_all(double, tmp_path, job, retries=2)


def test_a_server_that_never_answers_stops_the_run(tmp_path: Path) -> None:
    with openai_double(faults={"503": 1.0}) as double, pytest.raises(StoppedError, match=r"has not answered: 503 x3"):
        ask_all(double, tmp_path, lambda service: service.exchange(ask()), retries=2)


def test_calls_given_up_in_a_row_stop_the_run(tmp_path: Path) -> None:
    async def job(service):
        await service.exchange(ask(0))
        double.faults = {"500": 1.0}
        said = []
        for number in range(1, 5):
            try:
                await service.exchange(ask(number))
            except (ValueError, StoppedError) as error:
                said.append(type(error))
        return said

    with openai_double() as double:
        assert ask_all(double, tmp_path, job, retries=1) == [ValueError, ValueError, StoppedError, StoppedError]
        assert double.calls["note"] == 1 + 3 * 2


def test_a_server_that_is_busy_for_everybody_stops_the_run_and_fails_no_cell(tmp_path: Path) -> None:
    async def job(service):
        await service.exchange(ask(0))
        double.faults = {"429": 1.0}
        await service.exchange(ask(1))

    with openai_double(retry_after_s=0.001) as double, pytest.raises(StoppedError, match="429 x3"):
        ask_all(double, tmp_path, job, retries=1)


def test_nobody_listening_stops_the_run_in_a_sentence(tmp_path: Path) -> None:
    with openai_double() as double:
        pass
    with pytest.raises(StoppedError, match=r"nobody listens at http://127.0.0.1:\d+/v1; start the server"):
        ask_all(double, tmp_path, lambda service: service.exchange(ask()), retries=1)


def test_a_model_that_is_not_there_stops_the_run(tmp_path: Path) -> None:
    with openai_double(models=("other",)) as double, pytest.raises(StoppedError, match="no such model"):
        ask_all(double, tmp_path, lambda service: service.exchange(ask()))
    assert len(double.requests) == 1


def test_a_key_that_is_refused_stops_the_run(tmp_path: Path) -> None:
    with openai_double(key="another-key") as double, pytest.raises(StoppedError, match="does not accept the key"):
        ask_all(double, tmp_path, lambda service: service.exchange(ask()))


def test_after_a_stop_nothing_is_asked_and_what_is_kept_is_given(tmp_path: Path) -> None:
    async def job(service):
        await service.exchange(ask(0))
        double.models = ("other",)
        for number in (1, 2, 3):
            with pytest.raises(StoppedError):
                await service.exchange(ask(number))
        await service.exchange(ask(0))

    with openai_double() as double:
        ask_all(double, tmp_path, job)
        assert len(double.requests) == 2


def test_a_pause_that_a_busy_server_asks_for_is_kept_by_all(tmp_path: Path) -> None:
    async def job(service):
        await service.exchange(ask(0))
        start = asyncio.get_running_loop().time()
        await asyncio.gather(*(service.exchange(ask(number)) for number in range(1, 5)))
        return asyncio.get_running_loop().time() - start

    with openai_double(retry_after_s=0.25) as double:
        double.plan(None, "429")
        assert ask_all(double, tmp_path, job, concurrency=1) >= 0.25


def test_a_server_that_asks_to_wait_for_long_stops_the_run(tmp_path: Path) -> None:
    with openai_double(retry_after_s=faults.RETRY_AFTER_MAX_S + 60) as double:
        double.plan("429")
        with pytest.raises(StoppedError, match="asks to wait for more than 600 s"):
            ask_all(double, tmp_path, lambda service: service.exchange(ask()))


def test_no_more_calls_are_under_way_than_the_recipe_says(tmp_path: Path) -> None:
    with openai_double(latency_s=0.01) as double:
        ask_all(
            double,
            tmp_path,
            lambda service: asyncio.gather(*(service.exchange(ask(number)) for number in range(30))),
            concurrency=3,
        )
        assert double.at_once_most == 3


def test_a_limit_of_requests_a_minute_is_kept(tmp_path: Path) -> None:
    async def job(service):
        start = asyncio.get_running_loop().time()
        await asyncio.gather(*(service.exchange(ask(number)) for number in range(26)))
        return asyncio.get_running_loop().time() - start

    with openai_double() as double:
        # 10 a second with a burst of two seconds' worth: the last 6 come at the pace of the limit.
        assert ask_all(double, tmp_path, job, requests_per_minute=600, concurrency=64) >= 0.5


def test_a_call_cancelled_by_ctrl_c_leaves_those_kept_that_arrived(tmp_path: Path) -> None:
    async def job(service):
        await service.exchange(ask(0))
        double.latency_s = 30.0
        waiting = asyncio.ensure_future(service.exchange(ask(1)))
        await asyncio.sleep(0.05)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)

    with openai_double() as double:
        ask_all(double, tmp_path, job)
    assert [row["key"] for row in rows(tmp_path)] == [ask(0).key]


def test_a_first_question_that_the_model_has_no_room_for_stops_the_run_with_what_to_do(tmp_path: Path) -> None:
    with openai_double(room=50) as double, pytest.raises(StoppedError, match=r"set llm\.max_tokens lower"):
        ask_all(double, tmp_path, lambda service: service.exchange(ask()))
    assert len(double.requests) == 1


def test_a_later_question_that_the_model_has_no_room_for_fails_its_cell_and_nothing_else(tmp_path: Path) -> None:
    async def job(service):
        await service.exchange(ask(1))
        double.room = 50
        await service.exchange(ask(2))

    with openai_double() as double, pytest.raises(ValueError, match=r"set llm\.max_tokens lower"):
        ask_all(double, tmp_path, job)


@pytest.mark.parametrize(("limit", "waits"), [(5, True), (600, False)])
def test_a_process_counts_what_the_one_before_asked_within_the_minute(tmp_path: Path, limit: int, waits: bool) -> None:
    async def five(service):
        await asyncio.gather(*(service.exchange(ask(number)) for number in range(5)))

    async def one_more(service):
        async with asyncio.timeout(0.5 if waits else 20.0):
            await service.exchange(ask(5))

    with openai_double() as double:
        ask_all(double, tmp_path, five)
        if waits:
            with pytest.raises(TimeoutError):
                ask_all(double, tmp_path, one_more, requests_per_minute=limit)
        else:
            ask_all(double, tmp_path, one_more, requests_per_minute=limit)
        assert len(double.requests) == (5 if waits else 6)
