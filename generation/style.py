"""Stage 2, style: the movie's look is locked once, so that every keyframe shares it (arXiv 2403.01422, section 3.2).

    movie = await lock_style(bench, movie, outline.style)

One cell a movie. The offline painter chooses a palette, a line and a texture; a diffusion painter learns a token.
With `style.locked: false`, the control of the ablation, every scene gets a look of its own instead: `loose_styles`.
It paints no keyframe.
"""

from moviellm.generation.briefs import StyleDraft
from moviellm.generation.paintings import StyleBrief
from moviellm.generation.protocols import Output, derive_seed
from moviellm.generation.schema import Movie, Style
from moviellm.generation.workbench import Workbench, gather, read_draft

VERSION = 2
"""Bump when what is asked or what an answer means changes: every cell of the stage is then asked again."""


async def lock_style(bench: Workbench, movie: Movie, look: StyleDraft) -> Movie:
    """The movie with its style locked; as it was when the recipe locks none.

    Raises:
        CellFailedError: the painter could not lock it.
    """
    if not bench.recipe.style.locked:
        return movie
    brief = StyleBrief(
        movie_id=movie.twin_of or movie.movie_id,  # twins share their look
        keyword=look.keyword,
        description=look.description,
        seed=derive_seed(movie.seed, "style"),
        style=bench.recipe.style.name,
    )
    return movie.model_copy(update={"style": await _locked(bench, f"{movie.movie_id}/4-style", brief)})


async def loose_styles(bench: Workbench, movie: Movie) -> dict[str, Style]:
    """A look for every scene, of no story's choosing, by scene id; none of a movie that has a style.

    Raises:
        CellFailedError: the painter could not lock one.
    """
    if movie.style is not None:
        return {}
    briefs = {
        scene.scene_id: StyleBrief(
            movie_id=(movie.twin_of or movie.movie_id) + scene.scene_id.removeprefix(movie.movie_id),
            keyword="",
            description="",
            seed=derive_seed(movie.seed, "style", number),
        )
        for number, scene in enumerate(movie.scenes())
    }
    cell_id = f"{movie.movie_id}/4-style"
    styles = await gather(_locked(bench, f"{cell_id}-{number:04d}", one) for number, one in enumerate(briefs.values()))
    return dict(zip(briefs, styles, strict=True))


async def _locked(bench: Workbench, cell_id: str, brief: StyleBrief) -> Style:
    request = bench.painter.request("style", brief, brief.seed)

    async def make() -> tuple[Output, bytes | None]:
        output, learned = await bench.painter.lock_style(request)
        read_draft(Style, output)
        return output, learned

    result = await bench.ask("style", VERSION, cell_id, request, make)
    return read_draft(Style, result.output or {})
