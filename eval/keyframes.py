"""How good the keyframes of a dataset are: do they show what they should, in one look, with the same people?

    measured = measure_keyframes("demo/MovieLLM-tiny", MeasuresConfig(), cache=default_folder())
    measured.results.metrics[0].name, measured.results.metrics[0].value

Measured, each with n, an interval and its definition: pictures against captions and prompts (CLIP), neighbouring
pictures (CLIP, a perceptual distance), style within a movie against other movies, people against other people, and the
number of people on stage. docs/measures.md says more. It reads the published dataset only, a folder or a Hub id, one
movie at a time; what the models saw is kept, so that a second run looks at nothing twice.

It judges no story, and no number says that a person likes the pictures.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from moviellm.eval.core.resampling import RESAMPLES
from moviellm.eval.eyes import Eyes, Neighbours, open_model
from moviellm.eval.likeness import NextPicture, StyleLikeness, TextFit
from moviellm.eval.people import OnStage, People
from moviellm.eval.perceptual import Judge, LayerJudge, open_perceptual
from moviellm.eval.pictures import MoviePictures, manifest_of, read_movies
from moviellm.eval.tally import LEVEL, MOVIES_MIN, SEED, Tally
from moviellm.generation.config.measures import MeasuresConfig
from moviellm.generation.dataset.results import Metric, Results, rows_sha256

CHOSEN: Final = "the pictures were chosen among candidates with this model, which would measure its own choice"


class Part(Protocol):
    """Some measures that belong together."""

    def add(self, movie: MoviePictures) -> None:
        """Measure one movie."""
        ...

    def metrics(self) -> Sequence[Metric]:
        """The numbers over all movies."""
        ...

    @property
    def tallies(self) -> Sequence[Tally]:
        """The values by movie."""
        ...


@dataclass(frozen=True)
class Measured:
    """Results, and the value of every movie behind them."""

    results: Results
    by_movie: dict[str, dict[str, float]]
    """Metric name -> movie id -> value."""


def measure_keyframes(
    source: str,
    config: MeasuresConfig,
    *,
    cache: Path,
    revision: str | None = None,
    code_version: str = "",
    device: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> Measured:
    """Measure the pictures of a dataset.

    Args:
        source: Dataset folder, or Hub id.
        config: Which models measure.
        cache: Folder for what the models saw.
        revision: Tag, branch or commit on the Hub.
        code_version: Version of the package, for the record.
        device: `cpu`, `cuda`, ...; None takes the accelerator where there is one.
        progress: Called with the number of keyframes just measured.

    Raises:
        ValueError: there is no dataset, a model cannot be loaded, or one that chose the pictures would measure them.
    """
    manifest = manifest_of(source, revision)
    with ExitStack() as stack:
        parts = list(_parts(config, cache, stack, device))
        for movie in read_movies(source, revision):
            _refuse_who_chose(movie, parts)
            for part in parts:
                part.add(movie)
            if progress is not None:
                progress(len(movie.pictures))
        results = Results(
            dataset=manifest.name,
            version=manifest.version,
            rows_sha256=rows_sha256(manifest.files),
            level=LEVEL,
            movies_min=MOVIES_MIN,
            resamples=RESAMPLES,
            seed=SEED,
            code_version=code_version,
            metrics=tuple(metric for part in parts for metric in part.metrics()),
        )
    by_movie = {tally.name: tally.values for part in parts for tally in part.tallies if tally.values}
    return Measured(results, by_movie)


def _parts(config: MeasuresConfig, cache: Path, stack: ExitStack, device: str | None) -> Iterator[Part]:
    opened: dict[tuple[str, str | None], Eyes] = {}

    def eyes(model: str | None, revision: str | None) -> Eyes:
        key = (config.clip_model, config.clip_revision) if model is None else (model, revision)
        if key not in opened:
            opened[key] = stack.enter_context(Eyes(open_model(*key, device=device), cache))
        return opened[key]

    clip = eyes(None, None)
    if config.perceptual_model is None:
        judge: Judge = LayerJudge(clip.reader.loaded)
    else:
        judge = open_perceptual(config.perceptual_model, config.perceptual_revision, device=device)
    yield TextFit(clip)
    yield NextPicture(clip, stack.enter_context(Neighbours(judge, cache)))
    yield StyleLikeness(eyes(config.style_model, config.style_revision))
    yield People(eyes(config.identity_model, config.identity_revision))
    yield OnStage(clip)


def _refuse_who_chose(movie: MoviePictures, parts: Iterable[Part]) -> None:
    """No picture was scored, when it was made, by a model that measures now."""
    chose = {name for picture in movie.pictures for name in picture.measured_by}
    if not chose:
        return
    for model in {tally.by for part in parts for tally in part.tallies if tally.by is not None}:
        # Of a repository any revision is the same model; folders are told apart by what is in them.
        hub = "/" in model.model_id and model.model_id in {name.partition("@")[0] for name in chose}
        if hub or f"{model.model_id}@{model.revision}" in chose:
            raise ValueError(f"{model.model_id}: {CHOSEN}; name another one, e.g. --set measures.clip_model=...")
