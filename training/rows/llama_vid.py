"""The export `llama-vid`: what LLaMA-VID's stage 3 reads, but for the features of its own picture encoder.

    long_videoqa.json               {"id", "video": "story_feat/m00000.pkl", "conversations"}
    story_feat/m00000.json          {"inputs": "<image>subtitle<image>...", "frames": [...], "times_s": [...]}
    images/m00000/                  those frames
    subtitles/m00000.vtt            the dialogue with its times and speakers, which `inputs` does not keep
    videoqa.json, films/            with --films: the same questions of MP4 files, which need no features

A feature file holds what EVA ViT-g makes of each frame, and only its weights can make it: run that encoder over
`frames`, in their order, and store the array `feats` with the text `inputs` as the `.pkl` that the record names.
As in the original, a line stands behind the frame in whose time it ends; questions are asked without their options.
"""

import json
from bisect import bisect_left

from moviellm.generation.schema import Keyframe, Movie
from moviellm.training.rows.export_folder import ExportFolder, ExportOptions, conversations
from moviellm.training.rows.sft import threads_of
from moviellm.training.rows.source import Pictures
from moviellm.training.rows.words import plain

MEDIA = "<image>\n"
"""Its token for a picture and for a film."""


def export_movie(folder: ExportFolder, movie: Movie, pictures: Pictures, options: ExportOptions) -> None:
    """Add a movie."""
    painted = [one for one in movie.keyframes() if one.keyframe_id in pictures]
    if not painted:
        return
    frames = [folder.picture(one, pictures[one.keyframe_id]) for one in painted]
    told = {"inputs": inputs_of(movie, painted), "frames": frames, "times_s": [one.span.start_s for one in painted]}
    folder.write(f"story_feat/{movie.movie_id}.json", lambda: (json.dumps(told, ensure_ascii=False) + "\n").encode())
    film = folder.film(movie, pictures) if options.films else None
    folder.subtitles(movie)
    for thread in threads_of(movie):
        turns = [turn for one in thread for turn in (("user", plain(one.question)), ("assistant", plain(one.answer)))]
        turns[0] = ("user", f"{MEDIA}{turns[0][1]}")
        record = {
            "id": thread[-1].question_id,
            "video": f"story_feat/{movie.movie_id}.pkl",
            "conversations": conversations(turns),
        }
        folder.add("long_videoqa", movie.split, record)
        if film is not None:
            folder.add("videoqa", movie.split, {**record, "video": film})


def inputs_of(movie: Movie, painted: list[Keyframe]) -> str:
    """The text of a feature file: a token for each frame, and behind it the lines that end while it is shown.

    What ends before the first frame or after the last one goes to that frame.
    """
    ends = [one.span.end_s for one in painted]
    said: list[list[str]] = [[] for _ in painted]
    for line in movie.dialogue():
        said[min(bisect_left(ends, line.span.end_s), len(painted) - 1)].append(plain(line.text))
    return "".join(f"<image>{' '.join(lines)}" for lines in said)
