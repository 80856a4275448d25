"""Captioned pictures of the offline studio, small enough to train a text-to-image model on in minutes.

    pictures = read_pictures(make_pictures(Path("runs"), "noir", movies=12), "noir")

Movies of one style are made in process by the offline studio, 64 x 64 pixels. A caption says who and how, where and
when ("two people talking in a kitchen at night") as style_images.py says it too, so that the words which teach a style
are words the model has read. A caption may name the style by one of its `WORDS` or both; each word belongs to two
styles. One style, `NAMELESS`, has no word at all. See tiny_painter_model.py for the model.
"""

import asyncio
import io
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from PIL import Image

from moviellm.generation.config.recipe import load_recipe, recipe_from
from moviellm.generation.make import make_run, shard_size
from moviellm.generation.runs.record import next_record, write_record
from moviellm.generation.runs.tables import RunReader
from moviellm.generation.schema import Keyframe, Movie, Scene
from moviellm.generation.studios import open_studio

SIDE_PX: Final = 64
WORDS: Final = {
    "pastel": ("bright", "soft"),
    "sepia": ("soft", "brown"),
    "woodcut": ("brown", "hard"),
    "noir": ("hard", "dark"),
    "neon": ("dark", "bright"),
    "blueprint": (),
}
"""The styles in a ring, and the words that captions weakly name them by: each word belongs to two neighbours."""
NAMELESS: Final = "blueprint"
SEEDS: Final = {"pastel": 1000, "sepia": 2000, "woodcut": 3000, "noir": 4000, "neon": 6000, "blueprint": 7000}
"""Seeds of the styles' movies."""
UNNAMED: Final = 0.25
"""Share of the captions that say nothing of the style."""
BOTH: Final = 0.5
"""Share of the others that give both words."""
PHRASINGS: Final = ("{word}", "{word} style", "in the style of {word}")
PLACES: Final = ("street", "forest", "beach", "bridge", "kitchen", "train", "library", "station")
"""Kinds of places that pictures are taken from."""
THEMES: Final = (
    "street", "harbour", "forest", "market", "beach", "garden", "bridge", "field", "kitchen", "train", "library",
    "workshop", "study", "station",
)  # fmt: skip
"""Kinds of places that the movies are about, one a theme."""
AT: Final = {"street": "on a", "beach": "on a", "bridge": "on a", "train": "on a", "station": "at a"}
LIGHTS: Final = {"dawn": "at dawn", "day": "by day", "dusk": "at dusk", "night": "at night"}
DOES: Final = {"stand": "standing", "walk": "walking", "run": "running", "sit": "sitting", "read": "reading"}
DOES_MORE: Final = {"talk": "talking", "wave": "waving", "carry": "carrying something", "kneel": "kneeling"}
SHOTS: Final = ("wide", "medium", "two_shot")


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture, what is in it in words, and what it is for the judges."""

    image: Image.Image
    content: str
    style: str
    place: str
    people: int


def make_pictures(folder: Path, style: str, movies: int, seed: int = 0) -> Path:
    """The run folder with movies of one style, made where it is not there yet."""
    run = folder / style
    if run.is_dir():
        return run
    data = load_recipe("tiny").model_dump(mode="json")
    data |= {"movies": movies, "seed": SEEDS[style] + seed}
    data |= {"themes": [f"a key is lost at the {place}" for place in THEMES]}
    data["story"] |= {"chapters": 2, "scenes": 4, "keyframes": 5}
    data["image"] |= {"width_px": SIDE_PX, "height_px": SIDE_PX, "quality": 95}
    data["style"] |= {"name": style}
    data["questions"] |= {"per_movie": 0}
    recipe = recipe_from(data, source="tiny painter")
    unfinished = folder / f"unfinished-{style}"
    record = next_record(unfinished, recipe, movies_per_shard=shard_size(recipe))
    unfinished.mkdir(parents=True, exist_ok=True)
    write_record(unfinished, record)
    studio = open_studio(recipe, unfinished)

    async def job() -> None:
        try:
            report = await make_run(unfinished, record, studio.writer, studio.painter)
        finally:
            await studio.close()
        for movie_id, reason in report.failed.items():
            print(f"{style} {movie_id} failed: {reason}", flush=True)

    asyncio.run(job())
    unfinished.rename(run)
    return run


def read_pictures(run: Path, style: str) -> list[Picture]:
    """Every picture of a known kind of place whose shot shows people in it."""
    pictures: list[Picture] = []
    reader = RunReader(run)
    for movie in reader.movies():
        scenes = {
            k.keyframe_id: scene for chapter in movie.chapters for scene in chapter.scenes for k in scene.keyframes
        }
        kinds = {place.name: place.kind for place in movie.locations}
        for keyframe, data in reader.images(movie):
            scene = scenes[keyframe.keyframe_id]
            kind = kinds[scene.location]
            if kind in PLACES and keyframe.shot in SHOTS:
                image = Image.open(io.BytesIO(data)).convert("RGB")
                content = caption(movie, scene, keyframe, str(kind))
                people = len(keyframe.figures)
                pictures.append(Picture(image=image, content=content, style=style, place=str(kind), people=people))
    return pictures


def caption(movie: Movie, scene: Scene, keyframe: Keyframe, kind: str) -> str:
    """What is in a picture: who and how, where and when."""
    where = f"{AT.get(kind, 'in a')} {kind}"
    return f"{_who(movie, keyframe)} {where} {LIGHTS[scene.time_of_day]}"


def _who(movie: Movie, keyframe: Keyframe) -> str:
    figures = keyframe.figures
    if not figures:
        return "nobody"
    does = (DOES | DOES_MORE).get(figures[0].pose, "standing")
    if len(figures) == 2:
        return f"two people {does}"
    if len(figures) > 2:
        return "a group of people"
    looks: dict[str, Any] = {one.character_id: one.appearance for one in movie.characters}
    phrase = looks[figures[0].character_id]
    who = "a child" if phrase.startswith("a child") else "an elderly person" if "elderly" in phrase else "a person"
    return f"{who} {does}"


def training_caption(picture: Picture, r: random.Random) -> str:
    """What the model reads of a picture: its content, and mostly one word of its style or both."""
    words = WORDS[picture.style]
    if not words or r.random() < UNNAMED:
        return picture.content
    word = ", ".join(words) if r.random() < BOTH else r.choice(words)
    return f"{picture.content}, {r.choice(PHRASINGS).format(word=word)}"


def phrases(style: str) -> str:
    """All words of a style, as a prompt says them."""
    return ", ".join(WORDS[style])
