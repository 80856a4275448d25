"""Voices: one a character, every line inside its span, heard in the film when it is said."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from moviellm.generation.film import voice
from moviellm.generation.film.mp4 import film_up_to_date, write_film
from moviellm.generation.film.soundtrack import LineCounts
from moviellm.generation.film.voice import FASTER_MAX, NARRATOR, RATE_HZ, Speech, cast_voices, rooms
from moviellm.generation.schema import Character, DialogueLine, Movie, TemporalSpan
from tests.espeak import require_espeak
from tests.factories import MemoryRun, make_movie
from tests.generation.film.test_subtitles import spoken

LINE = "Where is the brass key?"
LONG = "I looked behind the clock and under the stairs and in the garden and I could not find the key anywhere."


def cast(*appearances: str) -> Movie:
    """A movie with these people, `m00000-p00` and so on."""
    people = [
        Character(character_id=f"m00000-p{i:02d}", name=f"P{i}", role="supporting", description="", appearance=text)
        for i, text in enumerate(appearances)
    ]
    return make_movie().model_copy(update={"characters": tuple(people)})


@pytest.fixture
def speech() -> Iterator[Speech]:
    require_espeak()
    with Speech.open() as speech:
        yield speech


def test_everybody_and_the_narrator_have_voices_of_their_own() -> None:
    voices = cast_voices(cast(*["a tall person with red bob hair"] * 12))
    assert len(set(voices.values())) == 13
    assert voices[None] == NARRATOR


def test_a_voice_follows_from_place_in_the_cast_and_looks_alone() -> None:
    movie = cast("a slim person", "a child with black hair")
    renamed = [person.model_copy(update={"name": "X" + person.name}) for person in movie.characters]
    assert cast_voices(movie) == cast_voices(movie.model_copy(update={"characters": tuple(renamed)}))


@pytest.mark.parametrize(
    ("looks", "kind"),
    [
        ("a child with brown hair", "child"),
        ("an elderly person with a beard", "elder"),
        ("a tall person with a beard", "male"),
        ("a slim woman with red hair", "female"),
    ],
)
def test_looks_say_what_kind_of_voice(looks: str, kind: voice.Kind) -> None:
    for before in range(2):
        person = cast_voices(cast(*["a stout person"] * before, looks))[f"m00000-p{before:02d}"]
        assert person.variant in voice.VARIANTS[kind]


def test_where_looks_do_not_say_the_cast_takes_turns() -> None:
    voices = cast_voices(cast(*["a tall person"] * 4))
    kinds = [voices[f"m00000-p{i:02d}"].variant[0] for i in range(4)]
    assert kinds == ["f", "m", "f", "m"]


def test_a_line_has_room_until_the_next_begins() -> None:
    movie = spoken((0, 4, "first"), (1, 2, "second"), (6, 7, "third"), (6, 8, "together"))
    assert [(line.text, room_s) for line, room_s in rooms(movie)] == [
        ("first", 1.0),
        ("second", 1.0),
        ("third", 1.0),
        ("together", 2.0),
    ]


def test_without_espeak_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(ValueError, match="apt-get install espeak-ng"):
        Speech.open()


@pytest.mark.espeak
def test_a_line_in_a_long_span_is_spoken_at_its_own_speed(speech: Speech) -> None:
    (line,) = speech.lines(spoken((1.0, 9.0, LINE)))
    assert (line.start_s, line.fit) == (1.0, "natural")
    assert 0.5 < len(line.samples) / RATE_HZ < 3


@pytest.mark.espeak
def test_a_line_that_is_a_little_long_is_spoken_faster_and_fits(speech: Speech) -> None:
    (natural,) = speech.lines(spoken((0.0, 60.0, LONG)))
    room_s = len(natural.samples) / RATE_HZ / 1.25
    (faster,) = speech.lines(spoken((0.0, room_s, LONG)))
    assert faster.fit == "faster"
    assert 0.8 * room_s < len(faster.samples) / RATE_HZ <= room_s


@pytest.mark.espeak
def test_a_line_that_does_not_fit_is_cut_with_a_fade(speech: Speech) -> None:
    (line,) = speech.lines(spoken((0.0, 1.0, LONG)))
    assert (line.fit, len(line.samples)) == ("cut", RATE_HZ)
    assert abs(line.samples[-1]) < 1e-3


@pytest.mark.espeak
def test_nobody_speaks_faster_than_the_limit(speech: Speech, monkeypatch: pytest.MonkeyPatch) -> None:
    speeds: list[int] = []
    say = voice._spoken

    def noted(program: str, language: str, who: voice.Voice, text: str, speed: int) -> voice.Samples:
        speeds.append(speed)
        return say(program, language, who, text, speed)

    monkeypatch.setattr(voice, "_spoken", noted)
    movie = spoken((0.0, 1.0, LONG))
    list(speech.lines(movie))
    natural = cast_voices(movie)[movie.characters[0].character_id].words_per_minute
    assert speeds[0] == natural
    assert max(speeds) == round(natural * FASTER_MAX)


@pytest.mark.espeak
@pytest.mark.parametrize(
    "text", ["", "...", "-", "[[h@'loU]]", "<speak>&amp;</speak>", "-v nobody", "שלום", "$(id); `id`"]
)
def test_any_text_can_be_spoken(speech: Speech, text: str) -> None:
    (line,) = speech.lines(spoken((0.0, 9.0, text)))
    assert np.isfinite(line.samples).all()


@pytest.mark.espeak
def test_text_in_brackets_is_read_as_text(speech: Speech) -> None:
    said, phonemes = (list(speech.lines(spoken((0, 9, text))))[0].samples for text in ("[[kitchen]]", "[kitchen]"))
    assert np.array_equal(said, phonemes)


@pytest.mark.espeak
def test_another_language_sounds_otherwise(speech: Speech) -> None:
    english = spoken((0.0, 9.0, "Dame la llave de latón."))
    spanish = english.model_copy(update={"language": "es"})
    (a,), (b,) = speech.lines(english), speech.lines(spanish)
    assert len(a.samples) != len(b.samples)


@pytest.mark.espeak
def test_a_language_that_nobody_speaks_is_an_error(speech: Speech) -> None:
    movie = spoken((0.0, 9.0, LINE)).model_copy(update={"language": "tlh"})
    with pytest.raises(ValueError, match="espeak-ng failed .*leave out --voice"):
        list(speech.lines(movie))


def heard(path: Path) -> np.ndarray:
    """Loudness of the film's sound, one number for every 10 ms."""
    with av.open(str(path)) as container:
        samples = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    step = RATE_HZ // 100
    return np.abs(samples[: len(samples) // step * step].reshape(-1, step)).max(axis=1)


def film_of(movie: Movie, folder: Path, speech: Speech) -> tuple[Path, LineCounts | None]:
    files = write_film(movie, MemoryRun([movie]).images(movie), folder, speech=speech)
    return files.mp4, files.voiced


@pytest.mark.espeak
def test_lines_are_heard_in_their_spans_and_nothing_outside(speech: Speech, tmp_path: Path) -> None:
    spans = [(0.5, 3.5), (5.02, 7.9), (10.0, 11.0), (25.25, 31.0)]
    movie = spoken(*((start, end, LINE) for start, end in spans))
    loud = heard(film_of(movie, tmp_path, speech)[0]) > 0.05
    for start_s, end_s in spans:
        first = int(np.flatnonzero(loud[round(start_s * 100) - 20 :])[0]) / 100 - 0.2
        assert abs(first) <= 0.05
        assert loud[round(start_s * 100) : round(end_s * 100)].sum() > 20
    inside = np.zeros(len(loud), bool)
    for start_s, end_s in spans:
        inside[round(start_s * 100) - 5 : round(end_s * 100) + 5] = True
    assert not loud[~inside].any()


@pytest.mark.espeak
def test_sound_and_picture_last_exactly_as_long_as_the_movie(speech: Speech, tmp_path: Path) -> None:
    path, _ = film_of(spoken((0.5, 3.5, LINE)), tmp_path, speech)
    with av.open(str(path)) as container:
        assert [stream.type for stream in container.streams] == ["video", "subtitle", "audio"]
        audio = container.streams.audio[0]
        assert (audio.codec_context.name, audio.metadata["language"]) == ("aac", "eng")
        assert container.duration == 32_000_000


@pytest.mark.espeak
def test_a_film_says_how_its_lines_fitted(speech: Speech, tmp_path: Path) -> None:
    movie = spoken((0.5, 3.5, LINE), (4.0, 5.0, LONG), (8.0, 9.0, "..."))
    counts = film_of(movie, tmp_path, speech)[1]
    assert str(counts) == "2 lines spoken, 1 of them sped up to fit, 1 cut short"


@pytest.mark.espeak
def test_a_movie_without_dialogue_is_silent_and_whole(speech: Speech, tmp_path: Path) -> None:
    path, counts = film_of(spoken(), tmp_path, speech)
    assert (heard(path) < 1e-3).all()
    assert counts == LineCounts()


@pytest.mark.espeak
def test_the_same_movie_sounds_the_same(speech: Speech, tmp_path: Path) -> None:
    movie = spoken((0.5, 3.5, LINE), (4.0, 9.0, LONG))
    assert (
        film_of(movie, tmp_path / "a", speech)[0].read_bytes()
        == film_of(movie, tmp_path / "b", speech)[0].read_bytes()
    )


@pytest.mark.espeak
def test_a_silent_film_is_out_of_date_where_voices_are_asked_for(speech: Speech, tmp_path: Path) -> None:
    movie = spoken((0.5, 3.5, LINE))
    film_of(movie, tmp_path, speech)
    assert film_up_to_date(movie, tmp_path, speech=speech)
    assert not film_up_to_date(movie, tmp_path)


@pytest.mark.espeak
def test_a_line_said_twice_is_spoken_once(speech: Speech, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    run = voice._run
    monkeypatch.setattr(voice, "_run", lambda command, text: (calls.append(text), run(command, text))[1])
    voice._spoken.cache_clear()
    list(speech.lines(spoken((0.0, 9.0, "Once, and once more."))))
    list(speech.lines(spoken((3.0, 9.0, "Once, and once more."))))
    assert calls == ["Once, and once more."]


def said_by(who: str | None, start_s: float) -> DialogueLine:
    return DialogueLine(
        line_id="m00000-c00-s00-d00",
        character_id=who,
        text=LINE,
        emotion="calm",
        span=TemporalSpan(start_s=start_s, end_s=start_s + 4),
    )


@pytest.mark.espeak
def test_two_people_and_the_narrator_sound_different(speech: Speech) -> None:
    movie = cast("a tall person with red hair", "a slim person with a beard")
    lines = tuple(said_by(who, 4.0 * i) for i, who in enumerate(("m00000-p00", "m00000-p01", None)))
    chapter, scene = movie.chapters[0], movie.chapters[0].scenes[0]
    chapter = chapter.model_copy(update={"scenes": (scene.model_copy(update={"dialogue": lines}),)})
    sounds = [line.samples for line in speech.lines(movie.model_copy(update={"chapters": (chapter,)}))]
    assert len({sound.tobytes() for sound in sounds}) == 3
