"""The worker that decodes the chosen frames of one film file, in a process of its own: files.py starts and kills it.

    python -P -m moviellm.training.media.decoding 3 < request.json      # 3: descriptor of the file for the pictures

It answers in JSON: what is known of the film and where each picture lies, or why it was refused. Pictures are JPEG of
high quality, no larger than a tower has use for.
"""

import io
import json
import os
import sys
from pathlib import Path
from typing import Any

from av.error import FFmpegError
from PIL import Image

from moviellm.generation.files import file_sha256
from moviellm.generation.imports.films.pictures import Pictures
from moviellm.generation.imports.films.stream import open_film
from moviellm.training.media.policy import FramePolicy, moments
from moviellm.training.media.seeking import Seeker

MAX_SIDE_PX = 768
"""Longest side of a decoded frame; towers see 224 to 448 pixels."""
QUALITY = 95
THREADS = 2


def serve(descriptor: int) -> None:
    """Read one request from standard input and answer it."""
    request = json.loads(sys.stdin.buffer.read())
    try:
        answer = decode(Path(request["path"]), FramePolicy(**request["policy"]), request["skip"], descriptor)
    except ValueError as error:
        answer = {"refused": str(error)}
    sys.stdout.write(json.dumps(answer))


def decode(path: Path, policy: FramePolicy, skip: int, descriptor: int) -> dict[str, Any]:
    """Decode the frames that a policy chooses, and tell what is known of the film.

    Raises:
        ValueError: it is no film, or more of its frames than `skip` cannot be decoded.
    """
    length_s = _length_s(path)
    try:
        told = _decode(path, policy, skip, descriptor, length_s, seek=True)
    except FFmpegError:
        told = _decode(path, policy, skip, descriptor, length_s, seek=False)
    with open_film(path, 1) as film:
        cues = [[cue.start_s, cue.end_s, cue.text, cue.speaker or ""] for cue in film.read_cues()]
    return {**told, "cues": cues, "sha256": file_sha256(path)}


def _decode(
    path: Path, policy: FramePolicy, skip: int, descriptor: int, length_s: float, *, seek: bool
) -> dict[str, Any]:
    offset, frames, skipped = 0, [], []
    with open_film(path, THREADS) as film:
        seeker, made = Seeker(film, seek), Pictures(MAX_SIDE_PX, QUALITY, film.pixel_shape)
        pictures = film.pictures if policy.start_s == 0 and policy.end_s is None else None
        for number, time_s in enumerate(moments(policy, length_s, pictures, path.name)):
            frame = seeker.at(time_s)
            if seeker.ended:
                break
            if frame is not None:
                data = _jpeg(made.rgb(frame))
                os.pwrite(descriptor, data, offset)
                frames.append((time_s, offset, len(data)))
                offset += len(data)
                continue
            skipped.append(number)
            if len(skipped) > skip:
                raise ValueError(
                    f"Frame {number} of {path.name}, at {time_s:.2f} s, cannot be decoded, and {skip} may be skipped; "
                    "convert the film again, or allow more with `skip`"
                )
        if not frames:
            raise ValueError(f"{path.name}: no picture of it can be decoded; is the file whole?")
        end_s = film.end_s if seeker.ended else length_s
    return {"frames": frames, "skipped": skipped, "duration_s": end_s, "decoded": seeker.decoded}


def _length_s(path: Path) -> float:
    """How long the pictures last: what the file says, or, where it says nothing, what decoding it whole tells."""
    with open_film(path, THREADS) as film:
        if film.can_seek and film.said_end_s:
            return film.said_end_s
        for _ in film.frames():
            pass
        return film.end_s


def _jpeg(rgb: Any) -> bytes:
    made = io.BytesIO()
    Image.fromarray(rgb).save(made, format="JPEG", quality=QUALITY, subsampling=0)
    return made.getvalue()


if __name__ == "__main__":
    serve(int(sys.argv[1]))
