"""The export `llava`: LLaVA's JSON, one picture a record, and LLaVA-NeXT's, whole movies.

    llava.json              {"id", "image": "images/...", "conversations"}: pictures and captions
    llava_movies.json       {"id", "image": ["images/...", ...], "conversations"}: questions about movies

In the second, `image` is a list and the text has an `<image>` for each, with the dialogue between them, as LLaVA-NeXT
and what came after it read; the first LLaVA takes only the first file.
"""

from moviellm.generation.schema import Movie
from moviellm.training.rows.align import align_rows
from moviellm.training.rows.export_folder import ExportFolder, ExportOptions, conversations, flat
from moviellm.training.rows.film import Look
from moviellm.training.rows.sft import sft_rows
from moviellm.training.rows.source import Pictures


def export_movie(folder: ExportFolder, movie: Movie, pictures: Pictures, options: ExportOptions) -> None:
    """Add a movie."""
    paths = {
        one.keyframe_id: folder.picture(one, pictures[one.keyframe_id])
        for one in movie.keyframes()
        if one.keyframe_id in pictures
    }
    for number, row in enumerate(align_rows(movie, options.seed)):
        name = row["keyframe_id"]
        said = conversations(flat(row["prompt"] + row["completion"]))
        record = {"id": f"{name}-{number:05d}", "image": paths[name], "conversations": said}
        folder.add("llava", movie.split, record)
    for row in sft_rows(movie, Look(frames=options.frames), options.seed):
        images = [paths[one["keyframe_id"]] for one in row["images"]]
        said = conversations(flat(row["prompt"] + row["completion"]))
        folder.add("llava_movies", movie.split, {"id": row["question_id"], "image": images, "conversations": said})
