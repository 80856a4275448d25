"""Recipes: a YAML file says everything about a run, and nothing else does.

    recipe = load_recipe("tiny", overrides=["story.chapters=11", "seed=3"])

A recipe is found by name among the packaged ones (generation/recipes/) or by path. Every key is checked: an unknown
one is an error that names the nearest key that exists. It does not run anything: see make.py.
"""

import difflib
import reprlib
import unicodedata
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, BeforeValidator, Field, ValidationError, model_validator

from moviellm.generation.config.dataset import DatasetConfig, SplitConfig
from moviellm.generation.config.engine import EngineConfig
from moviellm.generation.config.measures import MeasuresConfig
from moviellm.generation.config.models import GatesConfig, IdentityConfig, LlmConfig, PaintingConfig, StyleConfig
from moviellm.generation.config.section import Section, Share
from moviellm.generation.schema import AnswerFormat, QuestionType, Text

FAULTS_SHOWN = 10
"""Faults of a recipe named in one message."""
THEME_LENGTH_MAX = 500
"""Characters in a theme: it is a phrase, not a story."""


def _theme(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"a theme is a phrase, got {type(value).__name__}")
    theme = " ".join(value.split())
    if not any(unicodedata.category(char)[0] in "LNS" for char in theme):
        raise ValueError('a theme is empty; give a phrase such as "a lighthouse keeper finds a map"')
    if any(unicodedata.category(char) == "Cc" for char in theme):
        raise ValueError("a theme holds a control character (NUL, escape, ...); remove it")
    if len(theme) > THEME_LENGTH_MAX:
        raise ValueError(
            f"a theme has {len(theme)} characters; allowed are {THEME_LENGTH_MAX}: shorten it to a phrase"
        )
    return theme


Theme = Annotated[Text, BeforeValidator(_theme)]


class StoryConfig(Section):
    """Size of a movie. 11 x 11 x 11 is the paper's 1,331 keyframes."""

    chapters: int = Field(default=2, ge=1, le=99)
    """Chapters in a movie."""
    scenes: int = Field(default=2, ge=1, le=99)
    """Scenes in each chapter."""
    keyframes: int = Field(default=4, ge=1, le=99)
    """Keyframes in each scene."""
    seconds_per_keyframe: float = Field(default=4.0, ge=0.1, le=60.0, allow_inf_nan=False)
    """Time a keyframe stays on screen."""
    expand: Literal["levels", "one_shot"] = "levels"
    """Written level by level, or whole in one call: the control of the paper's ablation, for `writer: llm` only."""
    clips: Share = 0.0
    """Share of the movies that are clips: one chapter of one or two scenes."""

    @property
    def keyframes_per_movie(self) -> int:
        """Pictures in one movie."""
        return self.chapters * self.scenes * self.keyframes


class LanguageConfig(Section):
    """The language of the text."""

    tag: Literal["en", "es"] = "en"
    """English or Spanish."""
    level: Literal["rich", "plain", "cloze"] = "rich"
    """`rich` varies its wording, `plain` says a thing in one way, `cloze` has about 160 words for tiny models."""

    @model_validator(mode="after")
    def _cloze_is_english(self) -> Self:
        if self.level == "cloze" and self.tag != "en":
            raise ValueError(
                f"the cloze level is English only, got tag {self.tag!r}; take language.level plain or rich, or tag en"
            )
        return self


Injection = Literal[
    "object_left_behind", "identical_twins", "time_jump", "false_alarm", "mistaken_place", "sudden_storm",
    "lights_out", "broken_promise",
]  # fmt: skip


class WorldConfig(Section):
    """What a story world may hold. None leaves it to the story's length."""

    cast: int | None = Field(default=None, ge=2, le=6)
    """People in a movie."""
    people: int | None = Field(default=None, ge=2)
    """Occupations that people are taken from: the first so many of the vocabulary."""
    places: int | None = Field(default=None, ge=3)
    """Kinds of places: the first so many of the vocabulary."""
    actions: int | None = Field(default=None, ge=12)
    """Kinds of actions: the first so many of the vocabulary."""
    unique_keys: bool = False
    """Every scene has its own place and every action occurs once, as far as the vocabulary goes."""
    revisits: Share | None = None
    """Share of the scenes that go back to a place seen before."""
    pace: Literal["slow", "even", "fast"] = "even"
    """Pictures an event gets: many, some, or about one."""
    held_out: float = Field(default=0.0, ge=0.0, le=0.5, allow_inf_nan=False)
    """Share of the combinations (coat with accessory, object with colour) that occur in test only; half at most."""
    inject: dict[Injection, Share] = {}
    """Rare situations with the share of movies that have them."""


class TwinConfig(Section):
    """Counterfactual twins: pairs of movies that differ in one cause and all that follows from it."""

    share: Share = 0.0
    """Share of the movies that belong to a pair."""


class DialogueConfig(Section):
    """What is said."""

    density: Share = 1.0
    """Share of what could be said that is said."""


class ImageConfig(Section):
    """Size and encoding of the pictures."""

    width_px: int = Field(default=512, ge=64, le=1920, multiple_of=2)
    """Width."""
    height_px: int = Field(default=288, ge=64, le=1080, multiple_of=2)
    """Height."""
    format: Literal["jpeg", "webp"] = "jpeg"
    """Encoding; never PNG, which costs more than drawing the picture."""
    quality: int = Field(default=88, ge=1, le=100)
    """Encoder quality."""


class QuestionConfig(Section):
    """The questions."""

    per_movie: int = Field(default=16, ge=0, le=10_000)
    """Questions asked of each movie, as far as its story gives material."""
    types: dict[QuestionType, Share] = {}
    """Shares of the question types, weighed against each other; empty takes them in equal parts."""
    formats: dict[AnswerFormat, Share] = {}
    """Shares of the answer formats, weighed against each other; empty takes them as the types give them."""
    follow_ups: Share = 0.1
    """Share of the questions that follow up another one."""
    groups: Share = 0.2
    """Share of the questions that belong to an all-or-nothing group of two to four."""
    distance_min: Share = 0.0
    """Least distance from the end of the evidence to the end of the movie, where a question is asked, as a share."""
    distance_max: Share = 1.0
    """Greatest such distance."""

    @model_validator(mode="after")
    def _something_can_be_asked(self) -> Self:
        if self.distance_min > self.distance_max:
            raise ValueError(f"distance_min {self.distance_min} exceeds distance_max {self.distance_max}; swap them")
        for name, shares in (("types", self.types), ("formats", self.formats)):
            if shares and not sum(shares.values()):
                raise ValueError(f"{name} are all 0; give at least one of them a share, or leave {name} out")
        return self


class StudioConfig(Section):
    """A grammar of one's own, in place of the packaged one; what changes is known by its contents, not its path."""

    grammar: Text | None = None
    """Folder with the offline writer's grammar files."""


class Recipe(Section):
    """A whole run."""

    name: Text = "unnamed"
    """Name of the recipe."""
    description: Text = ""
    """What it is for, and on which machine in what time it has been run."""
    seed: int = Field(default=0, ge=0, lt=2**31)
    """Seed of the run."""
    movies: int | None = Field(default=None, ge=1, le=10_000_000)
    """Movies to make; None makes one a theme, more than there are themes go round with other seeds."""
    themes: tuple[Theme, ...] = ()
    """Theme phrases."""
    writer: Literal["offline", "llm", "world"] = "offline"
    """Who writes: the offline studio, a language model, or a language model whose plot the story world checks."""
    painter: Literal["offline", "diffusers", "endpoint"] = "offline"
    """Who paints: the offline studio, a diffusers pipeline in this process, or an image server."""
    story: StoryConfig = StoryConfig()
    language: LanguageConfig = LanguageConfig()
    world: WorldConfig = WorldConfig()
    dialogue: DialogueConfig = DialogueConfig()
    twins: TwinConfig = TwinConfig()
    image: ImageConfig = ImageConfig()
    style: StyleConfig = StyleConfig()
    llm: LlmConfig = LlmConfig()
    painting: PaintingConfig = PaintingConfig()
    identity: IdentityConfig = IdentityConfig()
    gates: GatesConfig = GatesConfig()
    measures: MeasuresConfig = MeasuresConfig()
    questions: QuestionConfig = QuestionConfig()
    splits: SplitConfig = SplitConfig()
    dataset: DatasetConfig = DatasetConfig()
    studio: StudioConfig = StudioConfig()
    engine: EngineConfig = EngineConfig()

    @model_validator(mode="after")
    def _clips_and_twins_fit(self) -> Self:
        if self.story.clips + self.twins.share > 1.0 + 1e-9:
            raise ValueError(f"story.clips {self.story.clips} + twins.share {self.twins.share} exceed 1; lower one")
        return self

    @model_validator(mode="after")
    def _a_model_writes_what_is_written_at_once(self) -> Self:
        if self.story.expand == "one_shot" and self.writer != "llm":
            raise ValueError(f"story.expand one_shot is for writer llm, got writer {self.writer}; leave it out")
        return self

    @model_validator(mode="after")
    def _nobody_is_measured_by_who_chose_it(self) -> Self:
        if self.painting.scorer in [model for model, _ in self.measures.models()]:
            raise ValueError(f"painting.scorer {self.painting.scorer!r} would measure what it chose; name another")
        return self

    @property
    def movie_count(self) -> int:
        """How many movies it asks for."""
        count = len(self.themes) if self.movies is None else self.movies
        return count if self.themes else 0

    def movie_themes(self) -> list[str]:
        """The theme of every movie, in order of their number."""
        return [self.themes[i % len(self.themes)] for i in range(self.movie_count)]


def packaged_recipes() -> list[str]:
    """Names of the recipes that ship with the package."""
    folder = files("moviellm.generation.recipes")
    return sorted(item.name.removesuffix(".yaml") for item in folder.iterdir() if item.name.endswith(".yaml"))


def load_recipe(name_or_path: str, overrides: list[str] | None = None) -> Recipe:
    """Read a recipe by packaged name or by path and apply `key.path=value` overrides.

    Raises:
        ValueError: no such recipe, bad YAML, an unknown key, or a value that is not allowed.
    """
    text = _recipe_text(name_or_path)
    data = read_yaml(text, f"recipe {name_or_path}") or {}
    if not isinstance(data, dict):
        raise ValueError(f"recipe {name_or_path} must be a mapping of keys, got {type(data).__name__}")
    for override in overrides or []:
        set_key(data, override)
    return recipe_from(data, source=f"recipe {name_or_path}")


def read_yaml(text: str | bytes, source: str) -> Any:
    """Parse YAML: plain data only, by the safe loader, in C where there is one (ten times faster).

    Raises:
        ValueError: it is not YAML, or YAML that says something impossible; the message names the source.
    """
    try:
        return getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text).get_single_data()
    # Besides its own error the parser lets through what it trips over: bad dates, unknown tags, depth.
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, RecursionError) as error:
        raise ValueError(f"{source} is not valid YAML: {_said(error)}") from None


def _said(error: Exception) -> str:
    """What a parser says is wrong, with the place where it says one."""
    mark = getattr(error, "problem_mark", None)
    if mark is not None and getattr(error, "problem", None):
        return f"line {mark.line + 1}, column {mark.column + 1}: {error.problem}"  # type: ignore[attr-defined]
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def read_text(path: Path) -> str:
    """Read a user's text file.

    Raises:
        ValueError: it is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path} is not UTF-8 text ({error.reason} at byte {error.start}); save it as UTF-8"
        ) from None


def _recipe_text(name_or_path: str) -> str:
    packaged = files("moviellm.generation.recipes") / f"{name_or_path}.yaml"
    path = Path(name_or_path)
    if path.suffix in {".yaml", ".yml"} or "/" in name_or_path:
        if not path.is_file():
            raise ValueError(f"no recipe file {name_or_path}; packaged recipes are {', '.join(packaged_recipes())}")
        return read_text(path)
    if packaged.is_file():
        return packaged.read_text(encoding="utf-8")
    raise ValueError(
        f"no recipe {name_or_path!r}{_nearest(name_or_path, packaged_recipes())}; "
        f"packaged recipes are {', '.join(packaged_recipes())}; a file of your own ends in .yaml"
    )


def set_key(data: dict[str, Any], override: str) -> None:
    """Apply one `a.b=value` to nested recipe data; the value is read as YAML."""
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise ValueError(f"--set takes key=value, got {override!r}; for example story.chapters=11")
    *parents, last = key.split(".")
    place = data
    for parent in parents:
        inner = place.setdefault(parent, {})
        if not isinstance(inner, dict):
            raise ValueError(f"--set {override}: {parent} is a value, not a section")
        place = inner
    place[last] = read_yaml(text, f"--set {key}")


def recipe_from(data: Mapping[str, object], source: str = "recipe") -> Recipe:
    """Check recipe data and say in plain words everything that is wrong with it."""
    try:
        return Recipe.model_validate(data)
    except ValidationError as error:
        faults = error.errors(include_url=False)
        lines = [_explain(dict(item)) for item in faults[:FAULTS_SHOWN]]
        if len(faults) > FAULTS_SHOWN:
            lines.append(f"and {len(faults) - FAULTS_SHOWN} more")
        raise ValueError(f"{source}: " + "; ".join(lines)) from None


def _explain(item: dict[str, object]) -> str:
    location = item["loc"]
    assert isinstance(location, tuple)
    key = ".".join(str(part) for part in location)
    if item["type"] == "extra_forbidden":
        return f"unknown key {key}{_nearest(key, recipe_keys())}"
    message = str(item["msg"]).removeprefix("Value error, ")
    said = f"{message[:1].lower()}{message[1:]}"
    return f"{key}: {said}, got {_short(item['input'])}" if key else said


def _short(value: object) -> str:
    # reprlib: a value may be nested a billion times over by YAML aliases.
    text = reprlib.repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _nearest(key: str, known: list[str]) -> str:
    by_name = {name.rsplit(".", 1)[-1]: name for name in known}
    close = difflib.get_close_matches(key, known, n=1, cutoff=0.6)
    close = close or [by_name[m] for m in difflib.get_close_matches(key.rsplit(".", 1)[-1], by_name, n=1, cutoff=0.6)]
    return f" (did you mean {close[0]}?)" if close else ""


def recipe_keys(model: type[BaseModel] = Recipe, prefix: str = "") -> list[str]:
    """Every key a recipe may have, dotted."""
    keys: list[str] = []
    for name, info in model.model_fields.items():
        keys.append(prefix + name)
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            keys += recipe_keys(info.annotation, f"{prefix}{name}.")
    return keys
