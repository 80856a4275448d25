"""imports/subtitles.py: what people call subtitles becomes cues, however broken."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviellm.generation.film.subtitles import srt, vtt
from moviellm.generation.imports.subtitles import (
    BAD_TIME,
    NO_LENGTH,
    NO_TEXT,
    Cue,
    decode,
    parse_subtitles,
    read_subtitle_file,
)
from tests.factories import make_movie

SRT = "1\n00:00:01,000 --> 00:00:02,500\nWho is there?\n\n2\n00:00:03,000 --> 00:00:04,000\nNobody.\nGo.\n"
CUES = [Cue(1.0, 2.5, "Who is there?"), Cue(3.0, 4.0, "Nobody.\nGo.")]


def texts(text: str) -> list[str]:
    return [cue.text for cue in parse_subtitles(text).cues]


def test_subrip_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.srt").write_text(SRT)
    assert read_subtitle_file(tmp_path / "a.srt").cues == CUES


@pytest.mark.parametrize("ends", ["\r\n", "\r"])
def test_any_line_end_will_do(ends: str) -> None:
    assert parse_subtitles(SRT.replace("\n", ends)).cues == CUES


def test_a_byte_order_mark_is_no_text() -> None:
    assert parse_subtitles("\ufeff" + SRT).cues == CUES


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_the_encoding_is_found_out(encoding: str) -> None:
    assert decode("Müßig – “so”".encode(encoding)) == "Müßig – “so”"


def test_numbers_may_be_missing() -> None:
    assert parse_subtitles(SRT.replace("\n2\n", "\n").replace("1\n00", "00", 1)).cues == CUES


def test_blank_lines_between_cues_may_be_missing() -> None:
    assert parse_subtitles(SRT.replace("\n\n", "\n")).cues == CUES


def test_a_line_of_digits_is_text_where_a_number_follows() -> None:
    assert texts("1\n00:00:01,000 --> 00:00:02,000\n1984\n\n2\n00:00:03,000 --> 00:00:04,000\nA year.\n") == [
        "1984",
        "A year.",
    ]


def test_hours_may_exceed_99() -> None:
    assert parse_subtitles("100:00:00,000 --> 100:00:01,000\nLate.\n").cues == [Cue(360000.0, 360001.0, "Late.")]


def test_webvtt_may_leave_the_hours_out() -> None:
    assert parse_subtitles("WEBVTT\n\nid\n00:01.000 --> 01:02.250 align:start\nHi.\n").cues == [Cue(1.0, 62.25, "Hi.")]


def test_notes_and_styles_of_webvtt_are_no_cues() -> None:
    text = "WEBVTT\n\nNOTE 00:01.000 --> 00:02.000\nnot said\n\nSTYLE\n::cue{}\n\n00:01.000 --> 00:02.000\nSaid.\n"
    assert texts(text) == ["Said."]


def test_markup_is_taken_away() -> None:
    assert texts('00:01,0 --> 00:02,0\n{\\an8}<i>Run</i> <font color="red">now</font> 3<4 <ok>\n') == [
        "Run now 3<4 <ok>"
    ]


def test_the_voice_of_webvtt_is_the_speaker() -> None:
    cues = parse_subtitles("WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ada &amp; Co>Hi &lt;b&gt;.</v>\n").cues
    assert cues == [Cue(1.0, 2.0, "Hi <b>.", "Ada & Co")]


def test_what_overlaps_is_kept_in_order_of_its_start() -> None:
    assert texts("00:05,0 --> 00:09,0\nB\n\n00:01,0 --> 00:07,0\nA\n") == ["A", "B"]


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        ("00:61:00,000 --> 00:62:00,000\nA\n", BAD_TIME),
        ("0:0:x --> 00:00:01,000\nA\n", BAD_TIME),
        ("00:00:02,000 --> 00:00:01,000\nA\n", NO_LENGTH),
        ("00:00:01,000 --> 00:00:02,000\n<i></i>\n", NO_TEXT),
    ],
)
def test_what_cannot_be_used_is_counted(block: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "a.srt").write_text(SRT + "\n" + block)
    found = read_subtitle_file(tmp_path / "a.srt")
    assert (found.cues, dict(found.left_out)) == (CUES, {reason: 1})


def test_another_file_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "a.srt").write_text('{"q": "what?"}')
    with pytest.raises(ValueError, match=r"a\.srt: it holds no subtitles"):
        read_subtitle_file(tmp_path / "a.srt")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no file of subtitles"):
        read_subtitle_file(tmp_path / "none.srt")


def test_our_own_subtitles_read_back() -> None:
    movie = make_movie()
    said = [(line.span.start_s, line.span.end_s, line.text) for line in movie.dialogue()]
    assert [(cue.start_s, cue.end_s, cue.text) for cue in parse_subtitles(vtt(movie)).cues] == said
    assert [(cue.start_s, cue.end_s, cue.text) for cue in parse_subtitles(srt(movie)).cues] == [
        (start_s, end_s, f"ADA: {text}") for start_s, end_s, text in said
    ]


def written(cues: list[Cue], ends: str) -> str:
    """SubRip, as any tool writes it."""

    def clock(seconds: float) -> str:
        ms = round(seconds * 1000)
        return f"{ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d},{ms % 1000:03d}"

    return "".join(
        f"{number}{ends}{clock(cue.start_s)} --> {clock(cue.end_s)}{ends}{cue.text.replace(chr(10), ends)}{ends}{ends}"
        for number, cue in enumerate(cues, 1)
    )


LINE = (
    st.text(st.characters(exclude_categories=("C", "Z"), exclude_characters="<>{}\u2060"), min_size=1, max_size=12)
    .map(lambda text: " ".join(text.split()))
    .filter(bool)
)
TIMES = st.tuples(st.integers(0, 400_000_000), st.integers(1, 10_000_000))
CUE = st.builds(
    lambda times, lines: Cue(times[0] / 1000, (times[0] + times[1]) / 1000, "\n".join(lines)),
    TIMES,
    st.lists(LINE, min_size=1, max_size=3),
)


@given(st.lists(CUE, max_size=6), st.sampled_from(["\n", "\r\n"]))
def test_any_cues_written_as_subrip_read_back(cues: list[Cue], ends: str) -> None:
    cues = sorted(cues, key=lambda cue: (cue.start_s, cue.end_s))
    assert parse_subtitles(written(cues, ends)).cues == cues


@given(st.binary(max_size=200))
def test_any_bytes_are_cues_or_a_value_error(data: bytes) -> None:
    try:
        found = parse_subtitles(decode(data))
    except ValueError:
        return
    assert all(cue.start_s < cue.end_s and cue.text for cue in found.cues)
