"""Subtitles: SubRip and WebVTT read back as what was said, whatever was said."""

import html
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from moviellm.generation.film.subtitles import WORD_JOINER, cues, srt, stretches, vtt
from moviellm.generation.schema import DialogueLine, Movie, TemporalSpan
from tests.factories import make_movie

HOSTILE = [
    "plain",
    "1\n00:00:01,000 --> 00:00:02,000\nnot a cue",
    "two\n\nparagraphs\r\nand\u2028more",
    "a --> b <b>bold</b> {\\an8}up & down &amp; <v Bob>",
    "שלום, מי שם?",
    "WEBVTT\n\nNOTE hidden",
    " \n\t ",
    "",
]
TEXTS = st.one_of(
    st.sampled_from(HOSTILE), st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"))
)


def spoken(*lines: tuple[float, float, str], name: str = "Ada", narrator: bool = False) -> Movie:
    """A movie whose first scene has these lines, `(start_s, end_s, text)`, and whose other scenes have none."""
    movie = make_movie()
    ada = movie.characters[0].model_copy(update={"name": name})
    dialogue = tuple(
        DialogueLine(
            line_id=f"m00000-c00-s00-d{i:02d}",
            character_id=None if narrator else ada.character_id,
            text=text,
            emotion="calm",
            span=TemporalSpan(start_s=start_s, end_s=end_s),
        )
        for i, (start_s, end_s, text) in enumerate(lines)
    )
    first, *chapters = movie.chapters
    scene, *scenes = first.scenes
    scenes = [
        scene.model_copy(update={"dialogue": dialogue}),
        *(s.model_copy(update={"dialogue": ()}) for s in scenes),
    ]
    chapters = [
        c.model_copy(update={"scenes": tuple(s.model_copy(update={"dialogue": ()}) for s in c.scenes)})
        for c in chapters
    ]
    return movie.model_copy(
        update={"characters": (ada,), "chapters": (first.model_copy(update={"scenes": tuple(scenes)}), *chapters)}
    )


def milliseconds(clock: str) -> int:
    hours, minutes, seconds, thousandths = re.split("[:.,]", clock)
    return ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int(thousandths)


def parse_srt(text: str) -> list[tuple[int, int, str]]:
    """What a player shows: blocks end at a blank line; a line that looks like a time anywhere else is an error."""
    shown = []
    for number, block in enumerate([b for b in text.split("\n\n") if b], start=1):
        count, times, *lines = block.split("\n")
        assert count == str(number)
        assert not any(re.search(r"\d\s*-->\s*\d", line) for line in lines), "a player would start a cue here"
        start, arrow, end = times.split(" ")
        assert arrow == "-->"
        said = "\n".join(lines)
        assert not re.search(r"<(?!/?i>)[a-z/]|\{\\", said), "a player would act on this"
        shown.append((milliseconds(start), milliseconds(end), said.replace(WORD_JOINER, "")))
    return shown


def parse_vtt(text: str) -> list[tuple[str, int, int, str | None, str]]:
    """`(id, start_ms, end_ms, voice, text)` of every cue; voice is None in italics."""
    header, *blocks = text.split("\n\n")
    assert header == "WEBVTT"
    shown = []
    for block in [b for b in blocks if b]:
        line_id, times, *lines = block.split("\n")
        start, end = times.split(" --> ")
        said = "\n".join(lines)
        assert "-->" not in said
        match = re.fullmatch(r"<v ([^<>\n]*)>([^<>]*)</v>|<i>([^<>]*)</i>", said)
        assert match, said
        voice, voiced, narrated = match.groups()
        assert re.fullmatch(r"(&(?!amp;|lt;|gt;)|[^&]|&(amp|lt|gt);)*", said)
        name = None if voice is None else html.unescape(voice)
        shown.append((line_id, milliseconds(start), milliseconds(end), name, html.unescape(voiced or narrated or "")))
    return shown


def visible(text: str) -> str:
    """The text that both formats can carry: its lines that are not blank."""
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


@given(TEXTS)
@example("ADA: -->")
def test_srt_reads_back_as_what_was_said(text: str) -> None:
    want = visible(text).replace(WORD_JOINER, "")
    got = parse_srt(srt(spoken((0.5, 3.5, text))))
    assert got == ([(500, 3500, f"ADA: {want}")] if visible(text) else [])


@given(TEXTS)
def test_vtt_reads_back_as_what_was_said(text: str) -> None:
    got = parse_vtt(vtt(spoken((0.5, 3.5, text))))
    want = ("m00000-c00-s00-d00", 500, 3500, "Ada", visible(text))
    assert got == ([want] if visible(text) else [])


@given(st.lists(st.tuples(st.integers(0, 400_000_000), st.integers(1, 60_000)), max_size=6))
def test_times_read_back_to_the_millisecond_in_order(times: list[tuple[int, int]]) -> None:
    movie = spoken(*((a / 1000, (a + n) / 1000, f"line {i}") for i, (a, n) in enumerate(times)))
    want = sorted((a, a + n) for a, n in times)
    starts = [a for a, _ in want]
    for got in ([c[:2] for c in parse_srt(srt(movie))], [c[1:3] for c in parse_vtt(vtt(movie))]):
        assert [a for a, _ in got] == starts
        assert sorted(got) == want


@given(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1))
def test_any_name_stays_inside_its_voice_tag(name: str) -> None:
    assert parse_vtt(vtt(spoken((0, 1, "hello"), name=name)))[0][3] == " ".join(name.split())


def test_the_narrator_is_in_italics_and_has_no_name() -> None:
    movie = spoken((0, 1, "Night falls."), narrator=True)
    assert srt(movie).splitlines()[2] == "<i>Night falls.</i>"
    assert vtt(movie).splitlines()[4] == "<i>Night falls.</i>"


def test_hours_are_written_as_players_read_them() -> None:
    movie = spoken((3725.5, 360_000.0, "late"))
    assert "01:02:05,500 --> 100:00:00,000" in srt(movie)
    assert "01:02:05.500 --> 100:00:00.000" in vtt(movie)


def test_a_line_shorter_than_a_millisecond_is_still_shown() -> None:
    assert [(c.start_ms, c.end_ms) for c in cues(spoken((1.0, 1.0001, "ah")))] == [(1000, 1001)]


def test_a_movie_without_dialogue_has_empty_subtitles() -> None:
    assert srt(spoken()) == ""
    assert vtt(spoken()) == "WEBVTT\n\n"


def test_lines_spoken_at_once_share_a_stretch() -> None:
    movie = spoken((0, 4, "first"), (1, 2, "second"), (6, 7, "third"))
    assert stretches(movie) == [
        (0, 1000, "ADA: first"),
        (1000, 2000, "ADA: first\nADA: second"),
        (2000, 4000, "ADA: first"),
        (6000, 7000, "ADA: third"),
    ]


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 15)), max_size=8))
def test_stretches_show_at_every_moment_exactly_the_lines_being_spoken(times: list[tuple[int, int]]) -> None:
    movie = spoken(*((a, a + n, f"line {i}.") for i, (a, n) in enumerate(times)))
    made = stretches(movie)
    assert all(before[1] <= after[0] for before, after in zip(made, made[1:], strict=False))
    for moment_ms in range(500, 60_000, 1000):
        shown = {line for start, end, text in made if start <= moment_ms < end for line in text.split("\n")}
        spoken_now = {f"ADA: line {i}." for i, (a, n) in enumerate(times) if a * 1000 <= moment_ms < (a + n) * 1000}
        assert shown == spoken_now


@pytest.mark.parametrize("text", ["<b>x</b>", "{\\an8}x", "1 --> 2"])
def test_the_track_in_the_film_holds_the_very_text(text: str) -> None:
    assert stretches(spoken((0, 1, text))) == [(0, 1000, f"ADA: {text}")]
