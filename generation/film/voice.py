"""Voices: every line of a movie spoken by espeak-ng, one voice a character, each line inside its span.

    with Speech.open() as speech:                       # ValueError with the install line where espeak-ng is missing
        for line in speech.lines(movie):
            print(line.start_s, len(line.samples) / RATE_HZ, line.fit)

A voice follows from a character's place in the cast and the words of their looks: a child, an old person, a woman or
a man as far as those words say; where they do not, the cast takes turns. The narrator has a voice of their own. A line
that is longer than its span is spoken faster, up to `FASTER_MAX` times, and what is still too long fades out at the
end; no line sounds into the next. The same line is spoken once a run, two lines at a time. Feelings do not sound.

espeak-ng is a program of the system (`apt-get install espeak-ng`); pip has none. See soundtrack.py for the film.
"""

import random
import re
import shutil
import subprocess
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import JsonValue

from moviellm.generation.protocols import derive_seed
from moviellm.generation.schema import Character, DialogueLine, Movie

VOICE_VERSION = 1
"""Bumped when the same line would sound otherwise."""

INSTALL = "needs espeak-ng, which is not installed: apt-get install espeak-ng"
RATE_HZ = 22_050
"""Samples a second; what espeak-ng speaks at."""
FASTER_MAX = 1.5
"""A line is spoken at most so many times as fast as its speaker talks."""
FADE_S = 0.03
"""A line that is cut fades out over so much."""
PEAK = 0.6
"""Loudest sample of every line, so that all voices are about as loud."""
QUIET = 0.01
"""Share of the loudest sample under which the ends of a line count as silence, and go."""
PROCESSES = 2
LINES_AHEAD = 8
"""Lines in work before they are asked for."""
TIMEOUT_S = 60
HEADER_BYTES = 44
"""Of the WAV that espeak-ng writes; its lengths are not those of the data, which goes on to the end."""

DIALECTS = {"en": "en-us"}
"""Which of several dialects of a language is spoken."""

Samples = npt.NDArray[np.float32]
Kind = Literal["child", "elder", "female", "male"]

WORDS: dict[Kind, str] = {
    "child": r"child|boy|girl|kid",
    "elder": r"elderly|grandmother|grandfather",
    "female": r"woman|lady|mother|sister|she|her|dress",
    "male": r"man|gentleman|father|brother|he|his|beard",
}
"""Words of somebody's looks and description that say which voice they have, the first that is found."""
VARIANTS: dict[Kind, tuple[str, ...]] = {
    "child": ("f2", "f5", "f4"),
    "elder": ("grandma", "grandpa", "f1", "croak"),
    "female": ("f3", "f4", "f1", "f2", "f5"),
    "male": ("m3", "m1", "m7", "m2", "m5", "m4", "m6"),
}
"""Variants of espeak-ng's voices. The narrator's has none."""
PITCH: dict[Kind, int] = {"child": 85, "elder": 38, "female": 55, "male": 40}
WORDS_PER_MINUTE: dict[Kind, int] = {"child": 182, "elder": 155, "female": 172, "male": 168}


@dataclass(frozen=True)
class Voice:
    """How somebody sounds, in espeak-ng's terms."""

    variant: str | None
    """Variant of the language's voice; None for the plain one."""
    pitch: int
    """0 to 99."""
    words_per_minute: int


NARRATOR = Voice(variant=None, pitch=35, words_per_minute=165)


@dataclass(frozen=True)
class SpokenLine:
    """A line as it sounds."""

    start_s: float
    """When it begins, seconds from the start of the movie."""
    samples: Samples
    """Mono, -1 to 1, `RATE_HZ`; empty where there was nothing to say."""
    fit: Literal["natural", "faster", "cut"]
    """Whether it had to be spoken faster, or cut as well."""


def cast_voices(movie: Movie) -> dict[str | None, Voice]:
    """A voice for every character id, and the narrator's under None. Twins sound alike."""
    voices: dict[str | None, Voice] = {None: NARRATOR}
    used: list[tuple[Kind, str]] = []
    for order, person in enumerate(movie.characters):
        kind = _kind(person, order)
        rng = random.Random(derive_seed(0, "voice", order, person.appearance))
        variants = VARIANTS[kind]
        taken = [variant for k, variant in used if k == kind]
        rounds, fewest = divmod(len(taken), len(variants))
        free = [variant for variant in variants if taken.count(variant) == rounds]
        variant = rng.choice(free)
        used.append((kind, variant))
        pitch = PITCH[kind] + rng.randint(-6, 6) + (12 if rounds % 2 else -12) * (rounds > 0)
        voices[person.character_id] = Voice(
            variant, min(95, max(5, pitch)), WORDS_PER_MINUTE[kind] + rng.randint(-8, 8)
        )
    return voices


def _kind(person: Character, order: int) -> Kind:
    said = f"{person.appearance} {person.description}".lower()
    for kind, words in WORDS.items():
        if re.search(rf"\b(?:{words})\b", said):
            return kind
    return "male" if order % 2 else "female"


class Speech:
    """Speaks the lines of movies, some ahead of the one asked for. Use it in a `with`."""

    def __init__(self, program: str, revision: str) -> None:
        self._program = program
        self._revision = revision
        self._pool = ThreadPoolExecutor(PROCESSES)

    @classmethod
    def open(cls) -> "Speech":
        """Find espeak-ng.

        Raises:
            ValueError: it is not installed, or does not run.
        """
        program = shutil.which("espeak-ng")
        if program is None:
            raise ValueError(f"--voice {INSTALL}")
        said = _run([program, "--version"], "").decode(errors="replace")
        number = re.search(r"\d+(\.\d+)+", said)
        return cls(program, number[0] if number else said.strip())

    def __enter__(self) -> "Speech":
        return self

    def __exit__(self, *reason: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def made_of(self, movie: Movie) -> dict[str, JsonValue]:
        """What decides how a movie sounds, beside its dialogue."""
        cast: Mapping[str | None, Voice] = cast_voices(movie)
        return {
            "version": VOICE_VERSION,
            "espeak": self._revision,
            "cast": {who or "": dict(asdict(voice)) for who, voice in cast.items()},
        }

    def lines(self, movie: Movie) -> Iterator[SpokenLine]:
        """The dialogue, in order of the time it starts.

        Raises:
            ValueError: espeak-ng has no voice for the movie's language, or failed.
        """
        voices = cast_voices(movie)
        language = _language(movie.language)
        waiting: deque[tuple[float, Future[tuple[Samples, Any]]]] = deque()
        for line, room_s in rooms(movie):
            job = (self._program, language, voices[line.character_id], _plain(line.text), room_s)
            waiting.append((line.span.start_s, self._pool.submit(_fitted, *job)))
            if len(waiting) > LINES_AHEAD:
                yield _wait(*waiting.popleft())
        while waiting:
            yield _wait(*waiting.popleft())


def _wait(start_s: float, spoken: "Future[tuple[Samples, Any]]") -> SpokenLine:
    return SpokenLine(start_s, *spoken.result())


def rooms(movie: Movie) -> list[tuple[DialogueLine, float]]:
    """Every line in order of its start, with the seconds it may sound: its span, or less where the next begins."""
    lines = sorted(movie.dialogue(), key=lambda line: line.span.start_s)
    ends = [line.span.end_s for line in lines]
    for i, (line, following) in enumerate(pairwise(lines)):
        if following.span.start_s > line.span.start_s:  # lines of one moment are meant to sound together
            ends[i] = min(ends[i], following.span.start_s)
    return [(line, end_s - line.span.start_s) for line, end_s in zip(lines, ends, strict=True)]


def _language(tag: str) -> str:
    primary = tag.split("-")[0].lower()
    return DIALECTS.get(primary, primary)


def _plain(text: str) -> str:
    """The text on one line. Two brackets would begin phonemes."""
    return re.sub(r"\[(?=\[)", "", " ".join(text.split()))


def _fitted(
    program: str, language: str, voice: Voice, text: str, room_s: float
) -> tuple[Samples, Literal["natural", "faster", "cut"]]:
    """A line that is no longer than its room."""
    room = int(room_s * RATE_HZ)
    samples = _spoken(program, language, voice, text, voice.words_per_minute)
    if len(samples) <= room:
        return samples, "natural"
    needed = len(samples) / max(1, room)
    for faster in (needed * 1.03, needed * 1.15, FASTER_MAX):  # pauses do not shrink as words do
        speed = round(voice.words_per_minute * min(faster, FASTER_MAX))
        samples = _spoken(program, language, voice, text, speed)
        if len(samples) <= room:
            return samples, "faster"
        if faster >= FASTER_MAX:
            break
    samples = samples[:room].copy()
    fade = min(room, round(FADE_S * RATE_HZ))
    samples[room - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
    return samples, "cut"


@lru_cache(maxsize=512)
def _spoken(program: str, language: str, voice: Voice, text: str, words_per_minute: int) -> Samples:
    """What espeak-ng says, without the silence at both ends and as loud as every other line."""
    name = language if voice.variant is None else f"{language}+{voice.variant}"
    command = [program, "--stdin", "--stdout", "-z", "-b", "1", "-v", name]
    wav = _run([*command, "-p", str(voice.pitch), "-s", str(words_per_minute)], text)
    data = wav[HEADER_BYTES:]
    samples: Samples = np.frombuffer(data[: len(data) // 2 * 2], "<i2").astype(np.float32) / np.float32(32768)
    if wav and int.from_bytes(wav[24:28], "little") != RATE_HZ:
        raise ValueError(f"espeak-ng speaks at {int.from_bytes(wav[24:28], 'little')} Hz, {RATE_HZ} was expected")
    peak = float(np.abs(samples).max(initial=0.0))
    loud = np.flatnonzero(np.abs(samples) > QUIET * peak)
    if not len(loud):
        return samples[:0]
    samples = samples[loud[0] : loud[-1] + 1] * np.float32(PEAK / peak)
    samples.flags.writeable = False
    return samples


def _run(command: list[str], text: str) -> bytes:
    """Run espeak-ng on a text, which goes in by its standard input.

    Raises:
        ValueError: it failed; the message says how.
    """
    try:
        done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=TIMEOUT_S, check=True)
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip() or f"exit code {error.returncode}"
        raise ValueError(
            f"espeak-ng failed ({said}); `espeak-ng --voices` lists its languages, leave out --voice for others"
        ) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ValueError(f"espeak-ng does not run ({error}); install it again: apt-get install espeak-ng") from error
    return done.stdout
