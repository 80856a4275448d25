"""The first frames of a movie are scored before the others are paid for.

    tried = first_frames(keyframes, painting)                          # which: two, with people where they matter
    scores = await score_first(judge, movie, painted)                  # of each, as `Score` records
    refuse_misses(bench.recipe.painting, scores)                       # CellFailedError with the reason

Style: similarity to the style's picture where there is one, else of the two frames to each other. Identity: of a
frame to the portrait of everybody in it, over the whole frame: nobody looks for faces, so it is a floor against
strangers and not a measure. Thresholds act on kept scores: with others, the next run asks only for what they let
through.
"""

from collections.abc import Sequence
from typing import Final

from moviellm.generation.config.models import PaintingConfig
from moviellm.generation.pictures.judging import Judge
from moviellm.generation.pictures.portraits import portrait_sha256
from moviellm.generation.schema import Keyframe, Movie, Score
from moviellm.generation.workbench import CellFailedError, gather

TRIED: Final = 2
"""Frames that are tried."""
STYLE: Final = "style_similarity"
IDENTITY: Final = "identity_similarity"


def first_frames(keyframes: Sequence[Keyframe], painting: PaintingConfig) -> list[int]:
    """Places of the frames to try, ascending; none where the recipe demands nothing of them."""
    if painting.style_min is None and painting.identity_min is None:
        return []
    places = range(len(keyframes))
    if painting.identity_min is not None:  # an empty street tells nothing about people
        places_by_use = sorted(places, key=lambda at: (not keyframes[at].figures, at))
        return sorted(places_by_use[:TRIED])
    return [*places[:TRIED]]


async def score_first(judge: Judge, movie: Movie, painted: Sequence[Keyframe]) -> list[list[Score]]:
    """The scores of each of the painted frames; a frame without people or without another has fewer.

    Raises:
        CellFailedError: the scorer cannot tell.
    """
    style = movie.style
    picture = style.embedding_sha256 if style is not None and style.placeholder_token is None else None
    portraits = {person.character_id: portrait_sha256(person) for person in movie.characters}

    async def scores(keyframe: Keyframe) -> list[Score]:
        image = keyframe.image_sha256
        assert image is not None
        name = f"{movie.movie_id}/5-keyframe-{keyframe.index:06d}"
        other = picture or next((one.image_sha256 for one in painted if one is not keyframe), None)
        found: list[Score] = []
        if other is not None:
            value = await judge.alike(f"{name}-style", *sorted((image, other)))
            found.append(Score(name=STYLE, value=value, measured_by=judge.name))
        for who in keyframe.character_ids:
            portrait = portraits[who]
            if portrait is not None:
                value = await judge.alike(f"{name}-{who.partition('-')[2]}", image, portrait)
                found.append(Score(name=IDENTITY, value=value, measured_by=judge.name))
        return found

    return await gather(scores(keyframe) for keyframe in painted)


def refuse_misses(painting: PaintingConfig, scores: Sequence[Sequence[Score]]) -> None:
    """Hold the scores of the first frames against the recipe.

    Raises:
        CellFailedError: the least of them is too low.
    """
    for name, least, what in (
        (STYLE, painting.style_min, "their style"),
        (IDENTITY, painting.identity_min, "the portraits of their people"),
    ):
        values = [score.value for frame in scores for score in frame if score.name == name and score.value is not None]
        if least is not None and values and min(values) < least:
            key = "style_min" if name == STYLE else "identity_min"
            raise CellFailedError(
                f"the first frames miss {what}: similarity {min(values):.3f}, painting.{key} is {least:g}; the other "
                f"pictures were not painted. Lower it, try another seed, or another model or method"
            )
