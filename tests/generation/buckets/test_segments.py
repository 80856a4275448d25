"""Segments put together again are what was written, however they were cut, repeated and merged."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from moviellm.generation.buckets import segments
from moviellm.generation.buckets.numbered import newest, newest_of_all, numbered
from moviellm.generation.buckets.segments import Joined, Piece, Tails, pieces_of, reading_order, segment_of

LINES = st.lists(st.binary(min_size=0, max_size=30).map(lambda data: data.replace(b"\n", b" ") + b"\n"), max_size=12)


def sent(tails: Tails, of: str, files: dict[str, Path]) -> list[bytes]:
    """Segments of what is new."""
    return [segment_of(lot) for lot in tails.pieces(of, files)]


@settings(max_examples=25, deadline=None)
@given(rounds=st.lists(st.tuples(LINES, st.binary(max_size=60)), max_size=6), twice=st.booleans(), torn=st.booleans())
def test_what_is_sent_in_any_pieces_comes_back_whole(
    tmp_path_factory: object, rounds: list[tuple[list[bytes], bytes]], twice: bool, torn: bool
) -> None:
    folder = tmp_path_factory.mktemp("s")  # type: ignore[attr-defined]
    files = {"calls.jsonl": folder / "calls", "exchanges.pack": folder / "pack"}
    tails, kept = Tails(), list[bytes]()
    lines = pack = b""
    for new_lines, new_pack in rounds:
        lines, pack = lines + b"".join(new_lines), pack + new_pack
        files["calls.jsonl"].write_bytes(lines + (b"half a li" if torn else b""))
        files["exchanges.pack"].write_bytes(pack)
        kept += sent(tails, "0001-a", files)
    joined = Joined(folder / "joined")
    for data in kept * (2 if twice else 1):
        for piece in pieces_of(data):
            joined.add(piece)
    read = {name: path.read_bytes() for (_, name), path in joined.files.items()}
    assert read.get("calls.jsonl", b"") == lines
    assert read.get("exchanges.pack", b"") == pack


def test_large_files_are_cut_and_the_pictures_come_before_their_lines(tmp_path: Path, monkeypatch: object) -> None:
    monkeypatch.setattr(segments, "SEGMENT_BYTES", 100)  # type: ignore[attr-defined]
    files = {"journal/0.jsonl": tmp_path / "j", "journal/0.pack": tmp_path / "p"}
    files["journal/0.jsonl"].write_bytes(b"line\n" * 30)
    files["journal/0.pack"].write_bytes(b"x" * 250)
    lots = [list(pieces_of(data)) for data in sent(Tails(), "0001-a", files)]
    assert max(sum(len(piece.data) for piece in lot) for lot in lots) <= 100
    first_line = next(i for i, lot in enumerate(lots) if any(piece.file.endswith("l") for piece in lot))
    last_picture = max(i for i, lot in enumerate(lots) if any(piece.file.endswith("k") for piece in lot))
    assert last_picture <= first_line


def test_a_lot_that_was_not_kept_is_sent_again(tmp_path: Path) -> None:
    files = {"calls.jsonl": tmp_path / "c"}
    files["calls.jsonl"].write_bytes(b"one\n")
    tails = Tails()
    next(tails.pieces("0001-a", files))  # the store failed: nobody asks for more
    assert [piece.data for lot in tails.pieces("0001-a", files) for piece in lot] == [b"one\n"]


def test_makers_that_overlapped_keep_their_lines_apart(tmp_path: Path) -> None:
    joined = Joined(tmp_path)
    for of, data in (("0003-late", b"a\n"), ("0004-next", b"b\n"), ("0003-late", b"a\nc\n")):
        joined.add(Piece(of, "exchanges.jsonl", 0, data))
    assert [path.read_bytes() for _, path in joined.logs("exchanges.jsonl")] == [b"a\nc\n", b"b\n"]


def test_a_log_that_began_in_the_middle_of_a_file_stands_at_its_own_beginning(tmp_path: Path) -> None:
    joined = Joined(tmp_path)
    joined.add(Piece("0001-a", "calls.jsonl", 1000, b"one\n"))
    joined.add(Piece("0001-a", "calls.jsonl", 1004, b"two\n"))
    assert joined.logs("calls.jsonl")[0][1].read_bytes() == b"one\ntwo\n"
    again = Joined(tmp_path / "again")
    for piece in [*joined.lines(), Piece("0001-a", "calls.jsonl", 1004, b"two\n")]:
        again.add(piece)
    assert again.logs("calls.jsonl")[0][1].read_bytes() == b"one\ntwo\n"


def test_segments_that_keep_logs_are_read_first() -> None:
    names = ["segments/000000/0002-b.000001", "segments/000000/0001-a.000001", "segments/000000/0001-a.end"]
    assert reading_order(names) == [names[2], names[1], names[0]]


def test_the_highest_number_counts_and_the_first_has_the_plain_name() -> None:
    plain = "manifest/000012.json"
    assert numbered(plain, 1) == plain
    names = [plain, "manifest/000012.0003.json", "manifest/000012.0002.json", "manifest/000013.0009.json"]
    assert newest(names, plain) == (3, "manifest/000012.0003.json")
    assert newest([], plain) == (0, "")
    assert newest_of_all(names, "manifest") == {
        plain: "manifest/000012.0003.json",
        "manifest/000013.json": "manifest/000013.0009.json",
    }
    assert newest(["run.yaml", "run.0002.yaml"], "run.yaml") == (2, "run.0002.yaml")
