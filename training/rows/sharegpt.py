"""The export `sharegpt`: messages and picture files as LLaMA-Factory reads them, with its dataset_info.json.

    moviellm_sft.json           {"messages": [{"role", "content"}], "images": ["images/...", ...]}
    moviellm_align.json, moviellm_boundary.json, moviellm_instruct.json
    dataset_info.json           an entry for each file

A content has as many `<image>` as there are pictures. Use it as `dataset_dir`, with e.g. `dataset: moviellm_sft` and
`media_dir` at the same folder.
"""

import json

from moviellm.generation.schema import Movie
from moviellm.training.rows.export_folder import ExportFolder, ExportOptions, flat
from moviellm.training.rows.film import Look
from moviellm.training.rows.source import Pictures
from moviellm.training.rows.views import VIEWS, Origin, rows_of

INFO = "dataset_info.json"


def export_movie(folder: ExportFolder, movie: Movie, pictures: Pictures, options: ExportOptions) -> None:
    """Add a movie."""
    paths = {
        one.keyframe_id: folder.picture(one, pictures[one.keyframe_id])
        for one in movie.keyframes()
        if one.keyframe_id in pictures
    }
    for view in VIEWS:
        for row in rows_of(view, movie, {}, Origin("", ""), Look(frames=options.frames), options.seed):
            messages = row.get("messages") or [*row["prompt"], *row["completion"]]
            said = [{"role": role, "content": text} for role, text in flat(messages)]
            images = [paths[one["keyframe_id"]] for one in row["images"]]
            folder.add(f"moviellm_{view}", movie.split, {"messages": said, "images": images})


def finish(folder: ExportFolder) -> None:
    """Write dataset_info.json."""
    columns = {"messages": "messages", "images": "images"}
    tags = {"role_tag": "role", "content_tag": "content", "user_tag": "user", "assistant_tag": "assistant"}
    info = {
        path.removesuffix(".json"): {"file_name": path, "formatting": "sharegpt", "columns": columns, "tags": tags}
        for path in folder.lists
    }
    folder.write(INFO, lambda: (json.dumps(info, indent=1) + "\n").encode())
