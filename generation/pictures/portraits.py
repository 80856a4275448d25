"""Portraits: one picture of each character alone, made once and shown to the painter with every keyframe.

    movie = await make_portraits(bench, movie, style)       # Character.portrait = "portraits/<sha256>.jpg"
    portrait_sha256(character)                              # the hash in that name, None without a portrait

Only for painters that want them (`Painter.makes_portraits`). A portrait is a cell of the style stage, asked with the
fixed phrase of the person's looks, so that twins share theirs. The
bytes stay in the cells; the export writes them out.
"""

from pathlib import PurePosixPath

from moviellm.generation.paintings import SUFFIXES, Painting, PortraitBrief
from moviellm.generation.protocols import Output, derive_seed
from moviellm.generation.schema import Character, Movie, Style
from moviellm.generation.workbench import Workbench, gather, read_draft

VERSION = 1
"""Bump when what is asked or what an answer means changes: every portrait is then asked again."""
FOLDER = "portraits"
"""Folder of a dataset that they are written to."""


async def make_portraits(bench: Workbench, movie: Movie, style: Style) -> Movie:
    """The movie with a portrait of everybody; as it was where the painter wants none.

    Raises:
        CellFailedError: one could not be painted.
    """
    if not bench.painter.makes_portraits:
        return movie
    people = await gather(_portrait(bench, movie, person, style) for person in movie.characters)
    return movie.model_copy(update={"characters": tuple(people)})


async def _portrait(bench: Workbench, movie: Movie, person: Character, style: Style) -> Character:
    number = person.character_id.partition("-")[2]
    side_px = min(bench.recipe.image.width_px, bench.recipe.image.height_px)
    brief = PortraitBrief(
        name=person.name, appearance=person.appearance, style=style, width_px=side_px, height_px=side_px
    )
    request = bench.painter.request("portrait", brief, derive_seed(movie.seed, "portrait", number))

    async def make() -> tuple[Output, bytes]:
        output, image = await bench.painter.paint(request, bench.blobs(style.embedding_sha256))
        read_draft(Painting, output)
        return output, image

    result = await bench.ask("style", VERSION, f"{movie.movie_id}/4-portrait-{number}", request, make)
    painting = read_draft(Painting, result.output or {})
    return person.model_copy(update={"portrait": f"{FOLDER}/{result.image_sha256}{SUFFIXES[painting.media_type]}"})


def portrait_sha256(person: Character) -> str | None:
    """Hash of the bytes of a portrait: it is its name."""
    return None if person.portrait is None else PurePosixPath(person.portrait).stem
