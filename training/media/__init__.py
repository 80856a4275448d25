"""Films for a model: any file, folder, list, array or dataset movie as one kind of film, decoded when touched.

    from moviellm.training.media import FramePolicy, films_of, read_film
    film = read_film("film.mkv", FramePolicy(n=64))

It needs no torch.
"""

from moviellm.training.media.film import Film, Line
from moviellm.training.media.policy import FramePolicy
from moviellm.training.media.reading import films_of, read_film

__all__ = ["Film", "FramePolicy", "Line", "films_of", "read_film"]
