"""What a model hears: windows that cut no line in two, times inside the film, models that are refused."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from moviellm.generation.imports.films import speech
from moviellm.generation.imports.films.speech import RATE_HZ, Heard, Speech, find_speech, hear, load_speech
from tests.generation.imports.films.filmkit import make_film
from tests.tiny_speech import save_tiny_whisper


@pytest.fixture(scope="module")
def whisper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # for so small a model, more wait for each other
    yield save_tiny_whisper(tmp_path_factory.mktemp("whisper") / "tiny")
    torch.set_num_threads(threads)


SPOKEN = [(2.0, 4.0, "one"), (20.0, 27.0, "two"), (28.0, 33.0, "three"), (50.0, 58.9, "four"), (62.0, 64.0, "five")]
"""What is said in a film of 70 seconds; `three` lies across the end of the first window."""


def perfect(asked: list[int], at_s: list[float]) -> Speech:
    """A model that hears every line, as far as its window shows it. The sound counts its own seconds."""

    def listen(sound: np.ndarray) -> Heard:
        start_s = float(sound[0]) * 1000
        end_s = start_s + len(sound) / RATE_HZ
        asked.append(len(sound))
        at_s.append(start_s)
        lines = [
            (max(0.0, begin - start_s), (end if end <= end_s else end_s) - start_s, text)
            for begin, end, text in SPOKEN
            if begin < end_s and end > start_s
        ]
        return Heard(lines, [])

    return Speech("perfect", "1", listen)


def counting_sound(length_s: float, piece: int = 4000) -> Any:
    """Sound whose samples say their time in thousands of seconds."""
    samples = (np.arange(round(length_s * RATE_HZ)) / RATE_HZ / 1000 + 1e-4).astype(np.float32)
    return lambda film: iter(np.split(samples, range(piece, len(samples), piece)))


def test_no_line_is_lost_halved_or_heard_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech, "sound_of", counting_sound(70.0))
    asked: list[int] = []
    got = hear(tmp_path / "film", perfect(asked, []))
    assert got.cues is not None
    assert [text for _, _, text in got.cues] == [text for _, _, text in SPOKEN]
    for (start_s, end_s, _), (begin, end, _) in zip(got.cues, SPOKEN, strict=True):
        assert (start_s, end_s) == pytest.approx((begin, end), abs=0.15)
    assert max(asked) <= 30 * RATE_HZ
    assert got.language == "und"


def test_the_next_window_begins_where_the_cut_line_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech, "sound_of", counting_sound(70.0))
    at_s: list[float] = []
    hear(tmp_path / "film", perfect([], at_s))
    assert at_s == pytest.approx([0.0, 28.0, 50.0], abs=0.15)


def test_a_line_without_end_does_not_stop_the_hearing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech, "sound_of", counting_sound(95.0))
    endless = Speech("endless", "1", lambda sound: Heard([(0.0, None, "la")], []))
    got = hear(tmp_path / "film", endless)
    assert got.cues == ((0.0, 30.0, "la"), (30.0, 60.0, "la"), (60.0, 90.0, "la"), (90.0, 95.0, "la"))


def test_silence_is_not_asked_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech, "sound_of", lambda film: iter([np.zeros(RATE_HZ * 40, np.float32)]))

    def never(sound: np.ndarray) -> Heard:
        raise AssertionError

    assert hear(tmp_path / "film", Speech("never", "1", never)).cues == ()


def test_sound_keeps_its_place_in_a_film_that_starts_late(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.ts", [("red", 3.0)], start_s=500.0, sound_s=2.0, sound_start_s=501.0)
    pieces = speech.sound_of(path)
    assert pieces is not None
    sound = np.concatenate(list(pieces))
    loud = np.flatnonzero(np.abs(sound) > 0.1)
    assert loud[0] / RATE_HZ == pytest.approx(1.0, abs=0.15)
    assert loud[-1] / RATE_HZ == pytest.approx(3.0, abs=0.15)


def test_sound_comes_in_small_pieces(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.mp4", [("red", 1.0)], sound_s=3.0)
    pieces = speech.sound_of(path)
    assert pieces is not None
    lengths = [len(piece) for piece in pieces]
    assert max(lengths) <= RATE_HZ
    assert sum(lengths) / RATE_HZ == pytest.approx(3.0, abs=0.2)


def test_a_film_without_sound_has_no_transcript(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.mp4", [("red", 1.0)])
    assert hear(path, Speech("never", "1", lambda sound: Heard([], []))).cues is None


@pytest.mark.slow  # this and the next ones load transformers
def test_a_real_model_is_loaded_and_its_lines_lie_inside_the_film(tmp_path: Path, whisper: Path) -> None:
    film = make_film(tmp_path / "a.mp4", [("red", 1.0)], sound_s=6.0)
    speech = load_speech(find_speech(str(whisper)))
    done_s: list[float] = []
    got = hear(film, speech, done_s.append)
    assert got.cues
    assert all(0 <= start_s < end_s <= 6.1 for start_s, end_s, _ in got.cues)
    assert [start for start, _, _ in got.cues] == sorted(start for start, _, _ in got.cues)
    assert sum(done_s) == pytest.approx(6.0, abs=0.6)
    assert got.model_revision == find_speech(str(whisper)).revision
    assert got.language in {"en", "de"}


@pytest.mark.slow
def test_a_model_that_hears_nothing_is_refused_by_name(tmp_path: Path) -> None:
    from transformers import CLIPConfig

    CLIPConfig().save_pretrained(tmp_path / "clip")
    with pytest.raises(ValueError, match=r"clip is a clip model; lines with times come from speech models"):
        find_speech(str(tmp_path / "clip"))


@pytest.mark.slow
def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="it cannot be loaded"):
        find_speech(str(tmp_path / "empty"))


@pytest.mark.slow
def test_weights_that_are_no_safetensors_are_refused(tmp_path: Path, whisper: Path) -> None:
    import shutil

    folder = shutil.copytree(whisper, tmp_path / "pickled")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ValueError, match="it cannot be loaded"):
        load_speech(find_speech(str(folder)))
