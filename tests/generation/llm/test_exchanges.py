"""The log of paid exchanges: whole lines survive, torn ones are left out, costs stay known."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.generation.files import DiskError
from moviellm.generation.llm.exchanges import LOG_NAME, ExchangeLog, read_rows

REPLY = {"kind": "reply", "key": "a", "text": "words", "usd": 0.01, "tokens_in": 5, "tokens_out": 2}


def written(run: Path, *rows: dict[str, object]) -> None:
    log = ExchangeLog(run)
    for row in rows:
        log.append(row)
    log.close()


def test_a_new_run_has_no_log_until_something_is_paid(tmp_path: Path) -> None:
    log = ExchangeLog(tmp_path)
    assert log.reply("a") is None
    log.close()
    assert list(tmp_path.iterdir()) == []


def test_a_reply_is_there_for_the_next_process(tmp_path: Path) -> None:
    written(tmp_path, REPLY, REPLY | {"key": "b", "text": "other"})
    log = ExchangeLog(tmp_path)
    assert (log.reply("a") or {})["text"] == "words"
    assert (log.reply("b") or {})["text"] == "other"
    assert (log.spent.calls, log.spent.usd, log.spent.tokens_in) == (2, pytest.approx(0.02), 10)


def test_a_line_is_with_the_os_when_append_returns(tmp_path: Path) -> None:
    log = ExchangeLog(tmp_path)
    log.append(REPLY)
    assert (ExchangeLog(tmp_path).reply("a") or {})["text"] == "words"
    log.close()


def test_a_line_that_lacks_only_its_end_is_whole(tmp_path: Path) -> None:
    written(tmp_path, REPLY)
    (tmp_path / LOG_NAME).write_bytes((tmp_path / LOG_NAME).read_bytes()[:-1])
    written(tmp_path, REPLY | {"key": "b"})
    assert (ExchangeLog(tmp_path).reply("a") or {})["text"] == "words"


@given(cut=st.integers(min_value=2, max_value=150))
def test_a_torn_last_line_costs_only_itself(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    run = tmp_path_factory.mktemp("run")
    written(run, REPLY, REPLY | {"key": "b"})
    data = (run / LOG_NAME).read_bytes()
    last = data.splitlines(keepends=True)[-1]
    (run / LOG_NAME).write_bytes(data[: len(data) - min(cut, len(last))])
    written(run, REPLY | {"key": "c"})
    log = ExchangeLog(run)
    assert [log.reply(key) is not None for key in "abc"] == [True, False, True]


def test_a_damaged_line_is_left_out(tmp_path: Path) -> None:
    written(tmp_path, REPLY, REPLY | {"key": "b"})
    data = bytearray((tmp_path / LOG_NAME).read_bytes())
    data[data.index(b"words")] ^= 1
    (tmp_path / LOG_NAME).write_bytes(data)
    log = ExchangeLog(tmp_path)
    assert [log.reply(key) is not None for key in "ab"] == [False, True]


def test_a_line_that_is_whole_json_of_another_kind_is_no_row(tmp_path: Path) -> None:
    (tmp_path / LOG_NAME).write_text(json.dumps({"kind": "reply"}) + "\n", encoding="utf-8")
    assert [row for _, _, row in read_rows(tmp_path / LOG_NAME)] == [None]


def test_a_void_reply_is_out_of_use_and_its_cost_stays(tmp_path: Path) -> None:
    written(tmp_path, REPLY, {"kind": "void", "keys": ["a"]})
    log = ExchangeLog(tmp_path)
    assert log.reply("a") is None
    assert log.spent.usd == pytest.approx(0.01)


def test_a_picture_is_kept_until_it_is_forgotten(tmp_path: Path) -> None:
    row = {"kind": "image", "key": "p", "usd": 0.02}
    log = ExchangeLog(tmp_path)
    log.append(row, b"bytes of a picture")
    log.close()
    log = ExchangeLog(tmp_path)
    assert (log.image("p") or (None, b""))[1] == b"bytes of a picture"
    log.forget_images()
    log.append(row | {"key": "q"}, b"another")
    assert log.image("p") is None
    assert (log.image("q") or (None, b""))[1] == b"another"
    log.close()
    again = ExchangeLog(tmp_path)
    assert (again.image("p"), again.spent.images) == (None, 2)


def test_a_picture_whose_bytes_were_changed_is_asked_for_again(tmp_path: Path) -> None:
    log = ExchangeLog(tmp_path)
    log.append({"kind": "image", "key": "p", "usd": 0.02}, b"bytes")
    log.close()
    (tmp_path / "exchanges.pack").write_bytes(b"other")
    assert ExchangeLog(tmp_path).image("p") is None


def test_a_batch_is_open_until_it_is_done(tmp_path: Path) -> None:
    sent = {"kind": "batch", "wave": "w", "id": None, "asks": {"a": {}}}
    written(tmp_path, sent)
    assert list(ExchangeLog(tmp_path).batches) == ["w"]
    written(tmp_path, sent | {"id": "batch-1"})
    assert list(ExchangeLog(tmp_path).batches) == ["batch-1"]
    written(tmp_path, {"kind": "batch_done", "id": "batch-1"})
    assert ExchangeLog(tmp_path).batches == {}


def test_a_disk_that_refuses_is_said_and_is_no_answer(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file", encoding="utf-8")
    with pytest.raises(DiskError, match="choose another --out"):
        ExchangeLog(tmp_path / "run").append(REPLY)


def test_a_shards_log_is_read_by_the_whole_run_and_by_its_shard(tmp_path: Path) -> None:
    for shard in (None, 1, 2):
        log = ExchangeLog(tmp_path, shard)
        log.append({**REPLY, "key": f"of {shard}", "usd": 0.25})
        log.close()
    whole, one = ExchangeLog(tmp_path), ExchangeLog(tmp_path, 1)
    assert all(whole.reply(f"of {shard}") for shard in (None, 1, 2))
    assert whole.spent.usd == 0.75
    assert [bool(one.reply(f"of {shard}")) for shard in (None, 1, 2)] == [True, True, False]
    assert one.spent.usd == 0.25


def test_a_reply_that_one_log_voids_is_void_in_all_until_it_is_paid_again(tmp_path: Path) -> None:
    whole = ExchangeLog(tmp_path)
    whole.append({**REPLY, "key": "k", "at": 10.0})
    whole.close()
    shard = ExchangeLog(tmp_path, 3)
    shard.append({"kind": "void", "keys": ["k"], "at": 20.0})
    shard.close()
    again = ExchangeLog(tmp_path)
    assert again.reply("k") is None
    again.append({**REPLY, "key": "k", "at": 30.0})
    again.close()
    assert ExchangeLog(tmp_path).reply("k") is not None


def test_a_shards_picture_outlives_the_pack_of_the_whole_run(tmp_path: Path) -> None:
    shard = ExchangeLog(tmp_path, 1)
    shard.append({"kind": "image", "key": "p", "usd": 0.01}, b"picture")
    shard.close()
    whole = ExchangeLog(tmp_path)
    whole.forget_images()
    kept = whole.image("p")
    assert kept is not None
    assert kept[1] == b"picture"
