"""Films: one MP4 a movie, its keyframes shown for as long as they last, with the dialogue as a subtitle track.

    files = write_film(movie, reader.images(movie), out=Path("run/films"))      # m00000.mp4, .srt, .vtt

The picture is H.264, 4:2:0, BT.709, and starts before it is loaded whole (faststart). Every keyframe is one sync
sample followed by frames that repeat it, about `FRAMES_PER_S` a second: a decoder that asks for any moment gets the
keyframe of that moment, and one that decodes sync samples only gets every keyframe once. With `fps` the camera moves
inside every keyframe (motion.py), which then has that many frames a second; with `speech` the dialogue is spoken
(voice.py, soundtrack.py). Keyframes begin and end, and lines are shown, at the same times in all of them.

A film knows what it was made of: the hash in its comment tag covers pictures, times, text and encoder settings, and
`write_film` leaves a film that is up to date alone. The same movie gives the same bytes on any number of cores.
It does not choose movies and does not read runs: see verbs.py.
"""

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import av
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream
from PIL import Image

from moviellm.generation.files import whole_file, write_whole
from moviellm.generation.film.motion import FRAME_RATES, MOTION_VERSION, camera_move, moving
from moviellm.generation.film.soundtrack import LineCounts, Soundtrack
from moviellm.generation.film.subtitles import srt, stretches, vtt
from moviellm.generation.film.tracks import (
    ENCODER,
    FRAMES_PER_S,
    TICKS_PER_S,
    add_subtitles,
    add_video,
    frame_ticks,
    language_code,
    moving_packets,
    repeats_of,
    still_packets,
    text_packet,
    video_frame,
)
from moviellm.generation.film.voice import Speech
from moviellm.generation.schema import Keyframe, Movie, canonical_json

FILM_VERSION = 1
"""Bumped when the same movie would give another film."""


@dataclass(frozen=True)
class FilmFiles:
    """Where the film of a movie is."""

    mp4: Path
    """Picture, subtitle track, and sound where it was asked for."""
    srt: Path
    """The dialogue as SubRip."""
    vtt: Path
    """The dialogue as WebVTT."""
    up_to_date: bool = False
    """Whether it was there already and nothing had to be made."""
    voiced: LineCounts | None = None
    """How its lines were spoken; None for a film without sound, and for one that was there already."""


def _files(movie: Movie, out: Path) -> FilmFiles:
    mp4, srt_path, vtt_path = (out / f"{movie.movie_id}.{ending}" for ending in ("mp4", "srt", "vtt"))
    return FilmFiles(mp4=mp4, srt=srt_path, vtt=vtt_path)


def write_film(
    movie: Movie,
    images: Iterable[tuple[Keyframe, bytes]],
    out: Path,
    *,
    fps: int | None = None,
    speech: Speech | None = None,
    advance: Callable[[int], None] = lambda count: None,
) -> FilmFiles:
    """Write `<movie_id>.mp4`, `.srt` and `.vtt` into the folder `out`, unless they are there and up to date.

    `images` are the encoded pictures (JPEG, WebP, PNG) in story order; one is held at a time, and none is asked for
    when the film is up to date. The MP4 is renamed into place last: an interrupted film is made again.

    Args:
        fps: frames a second of a film in which the camera moves, see motion.FRAME_RATES; None: keyframes stand still.
        speech: speaks the dialogue; None: the film has no sound.
        advance: called with 1 for every keyframe that is done.

    Raises:
        ValueError: a stage has not run, a picture is missing or broken, sizes differ or are odd, a line cannot be
            spoken, or `out` cannot be written.
    """
    if fps is not None and fps not in FRAME_RATES:
        raise ValueError(f"a film with motion has {' or '.join(map(str, FRAME_RATES))} frames a second, got {fps}")
    files = _files(movie, out)
    if film_up_to_date(movie, out, fps=fps, speech=speech):
        advance(sum(1 for _ in movie.keyframes()))
        return replace(files, up_to_date=True)
    with whole_file(files.mp4) as temporary:
        counts = _encode(movie, images, temporary, fps, speech, advance)
        write_whole(files.srt, srt(movie).encode())
        write_whole(files.vtt, vtt(movie).encode())
    return replace(files, voiced=counts)


def film_up_to_date(movie: Movie, out: Path, *, fps: int | None = None, speech: Speech | None = None) -> bool:
    """Whether the three files are in `out` and were made from this movie as it is now, with this motion and sound.

    Raises:
        ValueError: the movie has no pictures yet.
    """
    files = _files(movie, out)
    comment = _comment(movie, fps, speech)
    try:
        if files.srt.read_text(encoding="utf-8") != srt(movie) or files.vtt.read_text(encoding="utf-8") != vtt(movie):
            return False
        with av.open(str(files.mp4)) as film:
            return film.metadata.get("comment") == comment
    except (OSError, UnicodeDecodeError, FFmpegError):
        return False


def _comment(movie: Movie, fps: int | None, speech: Speech | None) -> str:
    """The tag that says what a film was made of."""
    made_of = {
        "version": FILM_VERSION,
        "encoder": [ENCODER, TICKS_PER_S, FRAMES_PER_S],
        "title": movie.title,
        "language": movie.language,
        "keyframes": [[k.image_sha256, k.span.start_s, k.span.end_s] for k in _painted(movie)],
        "text": [srt(movie), vtt(movie)],
    }
    if fps is not None:
        made_of["motion"] = [MOTION_VERSION, fps, movie.seed]
    if speech is not None:
        made_of["voice"] = speech.made_of(movie)
    return "moviellm film sha256:" + hashlib.sha256(canonical_json(made_of).encode()).hexdigest()


def _painted(movie: Movie) -> list[Keyframe]:
    keyframes = list(movie.keyframes())
    if not keyframes:
        raise ValueError(f"{movie.movie_id} has no keyframes, so no film can be made; run the plot stage first")
    for keyframe in keyframes:
        if keyframe.image_sha256 is None:
            raise ValueError(
                f"{keyframe.keyframe_id} has no picture, so no film of {movie.movie_id} can be made; "
                "run the keyframes stage first"
            )
    return keyframes


# ------------------------------------------------------------------------------------------------ encoding


def _encode(
    movie: Movie,
    images: Iterable[tuple[Keyframe, bytes]],
    path: Path,
    fps: int | None,
    speech: Speech | None,
    advance: Callable[[int], None],
) -> LineCounts | None:
    """Encode and mux the whole film into `path`."""
    pictures = _pictures(movie, images)
    first = next(pictures)
    texts = stretches(movie)
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as film:
        film.metadata.update({"title": movie.title, "comment": _comment(movie, fps, speech)})
        video = add_video(film, *first[1].size, fps or FRAMES_PER_S)
        subtitles = add_subtitles(film) if texts else None
        sound = Soundtrack(film, speech.lines(movie), movie.duration_s) if speech else None
        for stream in film.streams:
            stream.metadata["language"] = language_code(movie.language)
        repeats = (
            [] if fps else repeats_of(video, max(len(frame_ticks(k, FRAMES_PER_S)) for k in movie.keyframes()) - 2)
        )
        told = 0
        for keyframe, image in chain([first], pictures):
            while subtitles and told < len(texts) and texts[told][0] < keyframe.span.end_s * 1000:
                film.mux(text_packet(subtitles, *texts[told]))
                told += 1
            for packet in _packets(video, keyframe, image, repeats, fps, movie.seed):
                film.mux(packet)
            for packet in sound.until(keyframe.span.end_s) if sound else ():
                film.mux(packet)
            advance(1)
    return sound.counts if sound else None


def _packets(
    video: VideoStream, keyframe: Keyframe, image: Image.Image, repeats: list[bytes], fps: int | None, seed: int
) -> "Iterator[Packet[Stream]]":
    """The encoded frames of one keyframe."""
    if fps is None:
        return still_packets(video, keyframe, video_frame(image), repeats)
    ticks = frame_ticks(keyframe, fps)
    return moving_packets(video, moving(image, camera_move(keyframe, seed), len(ticks) - 1), ticks)


def _pictures(movie: Movie, images: Iterable[tuple[Keyframe, bytes]]) -> Iterator[tuple[Keyframe, Image.Image]]:
    """Every keyframe with its picture, decoded and checked."""
    source = iter(images)
    size_px: tuple[int, int] | None = None
    for wanted in _painted(movie):
        given, data = next(source, (None, b""))
        if given is None or given.keyframe_id != wanted.keyframe_id:
            raise ValueError(
                f"the picture of {wanted.keyframe_id} was due, got {given.keyframe_id if given else 'the end'}; "
                "run the keyframes stage again"
            )
        image = _decode(wanted, data)
        size_px = size_px or image.size
        if image.size != size_px:
            raise ValueError(
                f"{wanted.keyframe_id} is {image.width}x{image.height} px, the first picture of the movie "
                f"{size_px[0]}x{size_px[1]}; a film needs one size"
            )
        yield wanted, image


def _decode(keyframe: Keyframe, data: bytes) -> Image.Image:
    try:
        image = Image.open(io.BytesIO(data)).convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValueError(
            f"the picture of {keyframe.keyframe_id} cannot be read ({error}); delete it and run the keyframes stage"
        ) from error
    if image.width % 2 or image.height % 2:
        raise ValueError(
            f"{keyframe.keyframe_id} is {image.width}x{image.height} px; a film needs even sizes, "
            "see image.width_px and image.height_px of the recipe"
        )
    return image
