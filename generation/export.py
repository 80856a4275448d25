"""The dataset: a run folder becomes a folder of Parquet files that `load_dataset` reads, locally and on the Hub.

    manifest = build_dataset(RunReader(run), Path("out"), recipe, run_seed=7, render_readme=render)

    out/README.md                                   front matter with configs, features and splits, and the card
    out/<config>/<split>-00000-of-00001.parquet     movies, keyframes, dialogue, qa, events; films where asked for
    out/portraits/  out/styles/                     what a painter was shown or learned, where there is any
    out/features.json  out/manifest.json  out/moviellm_dataset.py

The run is read twice, one movie at a time: first its plots, to find near-duplicates and assign splits, and its
questions, to learn what can be guessed (gating/measured.py); then everything. The folder is built beside its place
and renamed into it: whole or not at all. The same run gives the same bytes.

Version: the recipe's, or `0.0.N` with N from the contents, because `datasets` caches a local folder by path, config
and version and would go on showing the old rows. The card is written by the caller's `render_readme`
(cards.dataset_card): the export does not know what a card looks like.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from fractions import Fraction
from pathlib import Path, PurePosixPath

from moviellm.generation.config.recipe import Recipe
from moviellm.generation.dataset.asked_gates import Strict
from moviellm.generation.dataset.facts import DatasetFacts, SplitReport
from moviellm.generation.dataset.features import CONFIGS, FEATURES
from moviellm.generation.dataset.films import FilmShelf
from moviellm.generation.dataset.folder import (
    FEATURES_FILE,
    MANIFEST,
    README,
    SCRIPT,
    DatasetManifest,
    ManifestFile,
    building_folder,
    check_target,
    describe_file,
    install,
    resolve_target,
    same_files,
)
from moviellm.generation.dataset.results import RESULTS_FILE, Results, kept_results, rows_sha256
from moviellm.generation.dataset.splits import assign_splits
from moviellm.generation.dataset.stating import content_version, features_json, front_matter, loading_script
from moviellm.generation.dataset.writing import Written, write_movies
from moviellm.generation.duplicates import near_duplicates, plot_text
from moviellm.generation.files import write_whole
from moviellm.generation.gating.measured import Channels, Gates
from moviellm.generation.protocols import MovieReader
from moviellm.generation.schema import SCHEMA_VERSION, SPLITS, Split

STEPS = 3
"""Steps of progress for each movie: read, learned from, written."""
RenderReadme = Callable[[DatasetFacts], tuple[str, dict[str, bytes]]]
"""Makes README.md (front matter included) and files to lie beside it, by relative path."""


def build_dataset(
    run: MovieReader,
    out: Path,
    recipe: Recipe,
    *,
    run_seed: int,
    render_readme: RenderReadme,
    progress: Callable[[int], None] | None = None,
    failures: Mapping[str, int] | None = None,
    channels: Channels | None = None,
    films: Path | None = None,
) -> DatasetManifest:
    """Write a run's movies as a dataset folder.

    Args:
        run: The movies.
        out: The folder; an older dataset there is replaced, anything else refused.
        recipe: The recipe: name, version and shares of the splits.
        run_seed: Seed that the splits follow from.
        render_readme: Writes the card.
        progress: Called with the number of steps just finished, of `STEPS` for each movie.
        failures: Cells that failed or were dropped, by reason, for the card.
        channels: Answers a movie's questions from one channel; None leaves those gates without a value.
        films: Folder where films are looked for and kept, when the recipe asks for films; None keeps none.

    Returns:
        The manifest; `kept` is true when the folder already held exactly this.

    Raises:
        ValueError: the target is refused, the run has no movie or a missing picture, contents changed under a version
            that the recipe fixes, or the disk would not take it. The target is then as it was.
    """
    out = resolve_target(out)
    check_target(out)  # refuse before the work
    try:
        with _shelf(recipe, films) as shelf, building_folder(out) as building:
            old = check_target(out)  # under the lock, and after what a kill left has been healed
            gates, strict, advance = Gates(channels), Strict(), progress or (lambda count: None)
            splits, report = _splits(run, recipe, run_seed, gates, strict, advance)
            gates.learn(_spread(len(splits), advance))
            written = write_movies(run, building, splits, gates, strict, shelf, advance)
            files = written.describe(building)
            version = recipe.dataset.version or content_version(files)
            _check_version(out, old, version, files)
            results = kept_results(out, rows_sha256(files), recipe.dataset.name, version)
            facts = _facts(recipe, run_seed, version, written, files, report, failures or {}, results)
            files += [describe_file(building, building / path) for path in sorted(written.named)]
            manifest = _write_rest(building, facts, files, render_readme)
            if old == manifest and same_files(out, manifest):
                return manifest.model_copy(update={"kept": True})
            install(building, out)
            return manifest
    except OSError as error:
        if error.errno is None:  # not the system's: a fault in the renderer
            raise
        raise ValueError(
            f"cannot write the dataset to {out}: {error}; what was there is as it was. "
            f"Make room or permit writing, or choose another folder"
        ) from error


def _shelf(recipe: Recipe, folder: Path | None) -> AbstractContextManager[FilmShelf | None]:
    """Where the films of this dataset are; None when it has none."""
    asked = recipe.dataset
    return FilmShelf.open(folder, fps=asked.films_fps, voice=asked.films_voice) if asked.films else nullcontext()


def _splits(
    run: MovieReader, recipe: Recipe, seed: int, gates: Gates, strict: Strict, progress: Callable[[int], None]
) -> tuple[dict[str, Split], SplitReport]:
    """First reading: near-duplicates, twins, splits, what the gates learn from, and what flags take along."""
    twins: dict[str, str | None] = {}
    held_out: set[str] = set()

    def plots() -> Iterator[tuple[str, str]]:
        for movie in run.movies():
            twins[movie.movie_id] = movie.twin_of
            held_out.update([movie.movie_id] if movie.held_out else [])
            gates.add(movie)
            strict.add(movie)
            yield movie.movie_id, plot_text(movie)
            progress(1)

    pairs = near_duplicates(plots())
    if not twins:
        raise ValueError("the run has no finished movie; make one first: moviellm make")
    return assign_splits(twins.items(), pairs, recipe.splits, seed, held_out)


def _spread(movies: int, progress: Callable[[int], None]) -> Callable[[Fraction], None]:
    """Progress of the learning, whose parts come as shares of the whole, in steps of one for each movie."""
    done = Fraction(0)

    def advance(part: Fraction) -> None:
        nonlocal done
        before, done = done, done + part
        progress(int(done * movies) - int(before * movies))

    return advance


def _check_version(out: Path, old: DatasetManifest | None, version: str, files: list[ManifestFile]) -> None:
    """A version that was fixed by hand names one set of rows."""
    if old is None or old.version != version:
        return
    if {file.path: file.sha256 for file in old.files if file.rows is not None} != {f.path: f.sha256 for f in files}:
        raise ValueError(
            f"{out} holds version {version} with other rows, and whoever has loaded it would go on seeing those; "
            f"raise dataset.version in the recipe, leave it out to number by contents, or choose another folder"
        )


def _facts(
    recipe: Recipe,
    seed: int,
    version: str,
    written: Written,
    files: list[ManifestFile],
    report: SplitReport,
    failures: Mapping[str, int],
    results: Results | None,
) -> DatasetFacts:
    sizes = {file.path: file.bytes for file in files}
    configs = [config for config in FEATURES if config in CONFIGS or recipe.dataset.films]
    rows: dict[str, dict[Split, int]] = {config: {} for config in configs}
    file_bytes: dict[str, dict[Split, int]] = {config: {} for config in configs}
    for (config, split), shards in written.shards.items():
        if not shards:
            continue
        rows[config][split] = sum(shard.rows for shard in shards)
        file_bytes[config][split] = sum(sizes[shard.path] for shard in shards)
    return DatasetFacts(
        name=recipe.dataset.name,
        version=version,
        schema_version=SCHEMA_VERSION,
        front_matter=front_matter(version, written.shards, file_bytes),
        recipe=recipe,
        run_seed=seed,
        features={config: FEATURES[config] for config in configs},
        rows=rows,
        file_bytes=file_bytes,
        total_bytes=sum(sizes.values()),
        measures=written.measures,
        splitting=report,
        failures=failures,
        sample=written.sample(),
        shards=tuple(files),
        results=results,
    )


def _write_rest(
    folder: Path, facts: DatasetFacts, shards: list[ManifestFile], render_readme: RenderReadme
) -> DatasetManifest:
    """README with its files, features.json, the loading script, kept results, and the manifest last."""
    readme, extras = render_readme(facts)
    contents = {
        README: readme.encode(),
        FEATURES_FILE: features_json(),
        SCRIPT: loading_script().read_bytes(),
    }
    if facts.results is not None:
        contents[RESULTS_FILE] = facts.results.text().encode()
    for name, data in extras.items():
        parts = PurePosixPath(name).parts
        assert parts and ".." not in parts and parts[0] not in {"/", MANIFEST, *FEATURES, *contents}, name
        contents[name] = data
    for name, data in contents.items():
        write_whole(folder / name, data)
    files = shards + [describe_file(folder, folder / name) for name in contents]
    manifest = DatasetManifest(
        name=facts.name,
        version=facts.version,
        schema_version=SCHEMA_VERSION,
        configs={config: splits for config, splits in facts.rows.items() if splits},
        splits=tuple(split for split in SPLITS if split in facts.rows[CONFIGS[0]]),
        files=tuple(sorted(files, key=lambda file: file.path)),
    )
    write_whole(folder / MANIFEST, manifest.text().encode())
    return manifest
