"""Stage 2, style: the movie's look is locked once, so that every keyframe shares it (arXiv 2403.01422, section 3.2).

    movie = await lock_style(bench, movie, outline.style)

One cell a movie. The offline painter chooses a palette, a line and a texture; a diffusion painter learns a token.
It paints no keyframe.
"""

from moviellm.generation.briefs import StyleDraft
from moviellm.generation.paintings import StyleBrief
from moviellm.generation.protocols import Output, derive_seed
from moviellm.generation.schema import Movie, Style
from moviellm.generation.workbench import Workbench, read_draft

VERSION = 2
"""Bump when what is asked or what an answer means changes: every cell of the stage is then asked again."""


async def lock_style(bench: Workbench, movie: Movie, look: StyleDraft) -> Movie:
    """The movie with its style locked.

    Raises:
        CellFailedError: the painter could not lock it.
    """
    brief = StyleBrief(
        movie_id=movie.twin_of or movie.movie_id,  # twins share their look
        keyword=look.keyword,
        description=look.description,
        seed=derive_seed(movie.seed, "style"),
        style=bench.recipe.style.name,
    )
    request = bench.painter.request("style", brief, brief.seed)

    async def make() -> tuple[Output, bytes | None]:
        output, learned = await bench.painter.lock_style(request)
        read_draft(Style, output)
        return output, learned

    result = await bench.ask("style", VERSION, f"{movie.movie_id}/4-style", request, make)
    return movie.model_copy(update={"style": read_draft(Style, result.output or {})})
