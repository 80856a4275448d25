"""The journal: what is written is read back, and whatever is not whole is left out."""

import errno
import hashlib
import json
import os
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.generation.runs import journal as journal_module
from moviellm.generation.runs.journal import Entry, Journal, journal_files, read_journals


def entry(number: int, image: bytes | None = None, error: str | None = None) -> Entry:
    output = None if error else json.dumps({"number": number, "text": "a line\u2028é\n"})
    sha256 = None if image is None else hashlib.sha256(image).hexdigest()
    return Entry(hashlib.sha256(str(number).encode()).hexdigest(), output, sha256, error)


def image(number: int) -> bytes:
    return b"picture %d " % number * 20


def write(run, numbers, close=True) -> list[Entry]:
    journal = Journal(run, 0)
    entries = [entry(number, image(number)) for number in numbers]
    for number, item in zip(numbers, entries, strict=True):
        journal.append(item, f"cell-{number}", image(number))
    if close:
        journal.close()
    return entries


def test_what_was_appended_is_read_back_with_its_images(tmp_path):
    entries = write(tmp_path, range(3))
    kept, findings = read_journals(tmp_path, 0)
    assert [item for item, _ in kept] == entries
    assert [place.read() for _, place in kept] == [image(number) for number in range(3)]
    assert findings == []


def test_a_result_is_with_the_os_before_append_returns(tmp_path):
    entries = write(tmp_path, range(2), close=False)
    assert [item for item, _ in read_journals(tmp_path, 0)[0]] == entries


def test_results_without_image_and_failures_are_kept_too(tmp_path):
    journal = Journal(tmp_path, 0)
    entries = [entry(0), entry(1, error="no\nanswer")]
    for item in entries:
        journal.append(item, "cell", None)
    journal.close()
    assert [item for item, _ in read_journals(tmp_path, 0)[0]] == entries


def test_every_line_is_json_and_names_its_cell(tmp_path):
    write(tmp_path, range(2))
    lines = (tmp_path / "journal/000000.0.jsonl").read_text().split("\n")[:-1]
    assert [json.loads(line)["row"]["cell_id"] for line in lines] == ["cell-0", "cell-1"]


def test_each_process_starts_new_files_and_the_reader_takes_the_union_in_order(tmp_path):
    entries = [item for number in range(12) for item in write(tmp_path, [number])]
    assert len(journal_files(tmp_path, 0)) == 24
    assert [item for item, _ in read_journals(tmp_path, 0)[0]] == entries


def test_journals_of_shards_are_apart(tmp_path):
    write(tmp_path, range(2))
    assert read_journals(tmp_path, 1) == ([], [])


def test_no_file_is_made_before_the_first_result(tmp_path):
    journal = Journal(tmp_path, 0)
    journal.close()
    assert list(tmp_path.iterdir()) == []


@given(cut=st.integers(0, 3 * 400))
def test_a_journal_cut_anywhere_keeps_exactly_the_whole_lines(tmp_path_factory, cut):
    run = tmp_path_factory.mktemp("run")
    entries = write(run, range(3))
    path = run / "journal/000000.0.jsonl"
    data = path.read_bytes()[:cut]
    path.write_bytes(data)
    kept, findings = read_journals(run, 0)
    assert [item for item, _ in kept] == entries[: data.count(b"\n")]
    whole = data.endswith(b"\n") or not data
    assert findings == (
        [] if whole else ["the last line of journal/000000.0.jsonl is cut off; its cell is made again"]
    )


@given(at=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_a_changed_byte_costs_at_most_the_line_or_the_image_it_is_in(tmp_path_factory, at, flip):
    run = tmp_path_factory.mktemp("run")
    entries = write(run, range(4))
    files = [run / "journal/000000.0.jsonl", run / "journal/000000.0.pack"]
    path = files[at % 2]
    data = bytearray(path.read_bytes())
    data[at % len(data)] ^= flip
    path.write_bytes(bytes(data))
    kept, findings = read_journals(run, 0)
    assert {item for item, _ in kept} < set(entries)
    assert len(kept) >= 2  # a newline that is gone joins two lines
    assert len(findings) >= 1


def test_a_deleted_pack_is_said_and_its_images_are_left_out(tmp_path):
    write(tmp_path, range(2))
    (tmp_path / "journal/000000.0.pack").unlink()
    kept, findings = read_journals(tmp_path, 0)
    assert kept == []
    assert findings == ["journal/000000.0.pack is gone, and with it 2 images; they are made again"]


def test_a_pack_that_is_too_short_loses_only_the_images_beyond_its_end(tmp_path):
    entries = write(tmp_path, range(3))
    os.truncate(tmp_path / "journal/000000.0.pack", len(image(0)) + 5)
    kept, findings = read_journals(tmp_path, 0)
    assert [item for item, _ in kept] == entries[:1]
    assert "2 images" in findings[0]


@pytest.mark.parametrize("picture", [image(1), None], ids=["image", "line"])
def test_a_failed_write_leaves_no_half_line_and_the_journal_refuses_from_then_on(tmp_path, monkeypatch, picture):
    journal = Journal(tmp_path, 0)
    journal.append(entry(0, image(0)), "cell-0", image(0))
    real = os.write

    def write_some(descriptor, data):
        if len(data) < 20:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(descriptor, bytes(data[: len(data) // 2]))

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", write_some)
        with pytest.raises(ValueError, match="no space left while writing .*journal; free space"):
            journal.append(entry(1, picture), "cell-1", picture)
    with pytest.raises(ValueError, match="no space left"):
        journal.append(entry(2, image(2)), "cell-2", image(2))
    kept, findings = read_journals(tmp_path, 0)
    assert [item for item, _ in kept] == [entry(0, image(0))]
    assert findings == []


def test_a_thread_makes_results_durable_image_first_in_one_go(tmp_path, monkeypatch):
    synced = []
    real = os.fsync

    def fsync(descriptor):
        path = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        if path.is_relative_to(tmp_path):  # and not the journal that an earlier test dropped
            synced.append(path.name)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(journal_module, "GROUP_FSYNC_S", 0.5)
    journal = Journal(tmp_path, 0)
    for number in range(20):
        journal.append(entry(number, image(number)), f"cell-{number}", image(number))
    assert synced == []
    deadline = time.monotonic() + 5
    while len(synced) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert synced == ["000000.0.pack", "000000.0.jsonl", "journal"]
    journal.close()


def test_close_makes_durable_what_the_thread_had_not_yet(tmp_path, monkeypatch):
    monkeypatch.setattr(journal_module, "GROUP_FSYNC_S", 60)
    synced = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.readlink(f"/proc/self/fd/{descriptor}")))
    journal = Journal(tmp_path, 0)
    journal.append(entry(0), "cell-0", None)
    journal.close()
    assert len([path for path in synced if path.startswith(str(tmp_path))]) == 3


def test_close_ends_the_thread_even_when_its_wait_runs_out_just_then(tmp_path):
    class RunsOut(threading.Event):
        def wait(self, timeout=None):
            super().wait()  # until somebody closes, who wakes the thread right after
            time.sleep(0.05)
            return False

    journal = Journal(tmp_path, 0)
    journal._closing = RunsOut()
    journal.append(entry(0), "cell-0", None)
    closer = threading.Thread(target=journal.close, daemon=True)
    closer.start()
    closer.join(5)
    assert not closer.is_alive()


def test_after_an_error_that_nobody_can_name_nothing_more_is_taken(tmp_path: Path, monkeypatch) -> None:
    journal, write_all = Journal(tmp_path, 0), journal_module.write_all
    journal.append(entry(0), "cell-0", None)

    def gone(descriptor: int, data: bytes) -> None:
        write_all(descriptor, data[: len(data) // 2])
        raise OSError(errno.ESTALE, "Stale file handle")

    monkeypatch.setattr(journal_module, "write_all", gone)
    with pytest.raises(OSError, match="Stale"):
        journal.append(entry(1), "cell-1", None)
    monkeypatch.setattr(journal_module, "write_all", write_all)
    with pytest.raises(ValueError, match="Stale"):
        journal.append(entry(2), "cell-2", None)
    with pytest.raises(ValueError, match="Stale"):
        journal.close()
    kept, findings = read_journals(tmp_path, 0)
    assert ([item for item, _ in kept], findings) == ([entry(0)], [])
