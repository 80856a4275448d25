"""What is said in a film, heard by a speech model: lines with times, from sound that is decoded a little at a time.

    speech = load_speech(find_speech("openai/whisper-large-v3"))            # or MODEL@REVISION, or a folder
    transcript = hear(Path("film.mkv"), speech, advance)

Models of the Whisper kind, by transformers (`moviellm[diffusion]` brings it); others give no times. The sound is heard
in windows of half a minute. A line that a window cuts is not taken: the next window begins where that line begins, so
that no line is heard twice or in halves. Windows without sound are not asked about. Who speaks is not known.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.container import InputContainer
from av.error import FFmpegError

from moviellm.generation.imports.films.stream import open_container
from moviellm.generation.imports.subtitles import Cue
from moviellm.generation.imports.told import UNKNOWN_LANGUAGE, clean
from moviellm.generation.revisions import revision_of
from moviellm.generation.schema import Record, Text

VERSION = 1
"""Bumped when the same model would give other lines."""
RATE_HZ = 16_000
CUT_S = 0.5
"""A line that ends this near to the end of its window may go on after it."""
STEP_S_MIN = 2.0
"""A window begins at least this much later than the one before, however long a line is."""
SILENCE = 1e-4
"""Loudness (root mean square, full scale 1) under which nothing is heard."""
GAP_S = 0.2
"""Sound that is missing for longer than this is silence; less is how files round."""

Sound = npt.NDArray[np.float32]


class Transcript(Record):
    """What was heard in a film."""

    model_id: Text
    model_revision: Text
    cues: tuple[tuple[float, float, Text], ...] | None
    """Start, end and text; None where the film has no sound."""
    language: Text
    """Language that was heard most, as a BCP-47 tag; `und` where the model does not say."""


@dataclass(frozen=True)
class Heard:
    """What a model says of one window."""

    lines: list[tuple[float, float | None, str]]
    """Start and end, seconds from the start of the window, and text; no end where it goes on."""
    languages: list[str]


@dataclass(frozen=True)
class Speech:
    """A speech model."""

    model_id: str
    revision: str
    listen: Callable[[Sound], Heard]
    window_s: float = 30.0
    """Sound that it hears at once; Whisper's is half a minute."""


@dataclass(frozen=True)
class SpeechModel:
    """Which model hears."""

    model: str
    """Hub id or folder."""
    revision: str
    """Commit, or hash of the folder."""

    @property
    def name(self) -> str:
        """What it is called in a dataset; never a path of this machine."""
        return Path(self.model).name if self.is_local else self.model

    @property
    def is_local(self) -> bool:
        """Whether it lies on this machine."""
        return Path(self.model).exists()

    @property
    def hub_revision(self) -> str | None:
        """The commit that transformers is to load."""
        return None if self.is_local else self.revision


def find_speech(source: str) -> SpeechModel:
    """The speech model that a name means, without loading it.

    Args:
        source: Hub id or folder; `ID@REVISION` names a commit, branch or tag.

    Raises:
        ValueError: transformers is not installed, there is no such model, or it is none that hears lines with times.
    """
    try:
        from transformers import AutoConfig
    except ImportError:
        raise ValueError("--asr needs transformers and torch: pip install 'moviellm[diffusion]'") from None
    at = "" if Path(source).exists() else source.partition("@")[2]
    model = source.removesuffix(f"@{at}") if at else source
    found = SpeechModel(model, revision_of(model, at or None))
    try:
        config = AutoConfig.from_pretrained(model, revision=found.hub_revision)
    except (OSError, ValueError) as error:
        raise ValueError(f"--asr {source}: it cannot be loaded: {' '.join(str(error).split())[:300]}") from None
    if config.model_type != "whisper":
        raise ValueError(
            f"--asr {source} is a {config.model_type} model; lines with times come from speech models of the Whisper "
            f"kind, such as openai/whisper-large-v3"
        )
    return found


def load_speech(found: SpeechModel) -> Speech:
    """Load a speech model, on a GPU where there is one.

    Raises:
        ValueError: its weights are not safetensors, or broken.
    """
    import torch
    from transformers import pipeline

    cuda = torch.cuda.is_available()
    try:
        asr = pipeline(
            "automatic-speech-recognition",
            model=found.model,
            revision=found.hub_revision,
            device="cuda" if cuda else "cpu",
            dtype=torch.float16 if cuda else torch.float32,
            model_kwargs={"use_safetensors": True},
        )
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:300]
        raise ValueError(f"--asr {found.model}: it cannot be loaded: {reason}") from None
    several = bool(getattr(asr.model.generation_config, "is_multilingual", False))

    def listen(sound: Sound) -> Heard:
        said = asr({"raw": sound, "sampling_rate": RATE_HZ}, return_timestamps=True, return_language=several)
        chunks: list[dict[str, Any]] = said["chunks"]
        return Heard(
            [(start or 0.0, end, clean(chunk["text"])) for chunk in chunks for start, end in [chunk["timestamp"]]],
            [chunk["language"] for chunk in chunks if chunk.get("language")],
        )

    return Speech(found.name, found.revision, listen, float(asr.feature_extractor.chunk_length))


def hear(film: Path, speech: Speech, advance: Callable[[float], None] = lambda film_s: None) -> Transcript:
    """Everything said in a film.

    Args:
        film: The film.
        speech: The model.
        advance: Called with the seconds of film just heard.

    Raises:
        ValueError: the film cannot be opened.
    """
    pieces, size = sound_of(film), round(speech.window_s * RATE_HZ)
    cues: list[Cue] = []
    languages: Counter[str] = Counter()
    sound, at_s, ended = np.zeros(0, np.float32), 0.0, pieces is None
    while not ended:
        sound, ended = _fill(sound, pieces or iter(()), size)
        while len(sound) >= size or (ended and len(sound) >= CUT_S * RATE_HZ):
            window = sound[:size]
            heard, used_s = _hear_window(window, speech, last=ended and len(sound) == len(window))
            cues += [Cue(at_s + start_s, at_s + end_s, text) for start_s, end_s, text in heard.lines if end_s]
            languages.update(heard.languages)
            sound, at_s = sound[round(used_s * RATE_HZ) :], at_s + used_s
            advance(used_s)
    return Transcript(
        model_id=speech.model_id,
        model_revision=speech.revision,
        cues=None if pieces is None else tuple((round(c.start_s, 3), round(c.end_s, 3), c.text) for c in cues),
        language=_language(languages),
    )


def _fill(sound: Sound, pieces: Iterator[Sound], size: int) -> tuple[Sound, bool]:
    """Sound for a whole window, and whether that was all there is."""
    got = [sound]
    length = len(sound)
    while length < size:
        piece = next(pieces, None)
        if piece is None:
            return np.concatenate(got), True
        got.append(piece)
        length += len(piece)
    return np.concatenate(got), False


def _hear_window(window: Sound, speech: Speech, last: bool) -> tuple[Heard, float]:
    """What is said in a window, every line with an end, and how much of the window is done with."""
    length_s = len(window) / RATE_HZ
    if float(np.sqrt(np.mean(np.square(window)))) < SILENCE:
        return Heard([], []), length_s
    heard = speech.listen(window)
    lines = [
        (start_s, length_s if end_s is None else min(end_s, length_s), text)
        for start_s, end_s, text in heard.lines
        if start_s < length_s and text.strip()
    ]
    used_s = length_s
    if lines and not last and lines[-1][1] > length_s - CUT_S and lines[-1][0] >= STEP_S_MIN:
        used_s = lines.pop()[0]
    kept = [(start_s, end_s, " ".join(text.split())) for start_s, end_s, text in lines if end_s > start_s]
    return Heard(list(kept), heard.languages), used_s


def _language(names: Counter[str]) -> str:
    if not names:
        return UNKNOWN_LANGUAGE
    from transformers.models.whisper.tokenization_whisper import TO_LANGUAGE_CODE

    return str(TO_LANGUAGE_CODE.get(names.most_common(1)[0][0], UNKNOWN_LANGUAGE))


def sound_of(film: Path) -> Iterator[Sound] | None:
    """The sound of a film in small pieces, one channel at `RATE_HZ`, from the start of the film; None without sound.

    Raises:
        ValueError: the film cannot be opened.
    """
    with open_container(film) as container:
        has_sound = bool(container.streams.audio)
    return _pieces(film) if has_sound else None


def _pieces(film: Path) -> Iterator[Sound]:
    """Pieces of sound, with silence where the film has none and without what comes before its start."""
    resampler = AudioResampler(format="flt", layout="mono", rate=RATE_HZ)
    done = 0
    with open_container(film) as container:
        start_s = (container.start_time or 0) / av.time_base
        for frame in _frames(container):
            wanted = done if frame.time is None else round((frame.time - start_s) * RATE_HZ)
            while wanted > done + GAP_S * RATE_HZ:
                piece = np.zeros(min(wanted - done, RATE_HZ), np.float32)
                done += len(piece)
                yield piece
            for made in resampler.resample(frame):
                piece = _samples(made)[max(0, -wanted) :]
                done += len(piece)
                yield piece
        for made in resampler.resample(None):
            yield _samples(made)


def _samples(frame: AudioFrame) -> Sound:
    return frame.to_ndarray().reshape(-1).astype(np.float32, copy=False)


def _frames(container: InputContainer) -> Iterator[AudioFrame]:
    """The sound as far as it can be decoded; that a film breaks off is told by its pictures."""
    packets = container.demux(container.streams.audio[0])
    while True:
        try:
            packet = next(packets, None)
        except FFmpegError:
            return
        if packet is None:
            return
        try:
            frames = packet.decode()
        except FFmpegError:
            continue
        yield from (frame for frame in frames if isinstance(frame, AudioFrame))
