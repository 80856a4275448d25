"""What `moviellm train rows` does: a published dataset becomes a folder of training rows.

    make_rows("org/name", Path("rows"), revision="v1.2.0", seed=0)

The rows themselves are made by the views (views.py) and written by writing.py.
"""

from collections.abc import Sequence
from pathlib import Path

from moviellm.generation.dataset.folder import DatasetManifest
from moviellm.generation.output import emit
from moviellm.generation.progress import progress
from moviellm.training.rows.film import Look
from moviellm.training.rows.source import Source, open_source
from moviellm.training.rows.views import VIEWS, View
from moviellm.training.rows.writing import write_rows


def make_rows(
    dataset: str,
    out: Path,
    *,
    views: Sequence[str] = (),
    revision: str | None = None,
    seed: int = 0,
    frames: int | None = None,
    times: str = "seconds",
    stamps: bool = True,
    embed: bool = False,
    as_json: bool = False,
) -> None:
    """Write training rows and say what they are.

    Args:
        dataset: Dataset folder, or id on the Hub.
        out: Folder for the rows.
        views: Names of views; none takes all.
        revision: Tag or commit on the Hub.
        seed: What wordings are chosen by.
        frames: Most pictures in a row; None takes all.
        times: `seconds`, or `index` for hundredths of the clip.
        stamps: Whether pictures and lines carry their time.
        embed: Whether rows hold the pictures.
        as_json: Print one JSON object.

    Raises:
        ValueError: an option, the dataset or the target is wrong.
    """
    unknown = [view for view in views if view not in VIEWS]
    if unknown:
        raise ValueError(f"no view {unknown[0]!r}; there are {', '.join(VIEWS)}")
    if frames is not None and frames < 1:
        raise ValueError(f"--frames {frames}: a row shows at least 1 picture; leave it out for all")
    if times not in ("seconds", "index"):
        raise ValueError(f"--times {times!r}: allowed are seconds and index")
    look = Look(frames=frames, stamps=stamps, times="index" if times == "index" else "seconds", embed=embed)
    chosen: list[View] = [view for view in VIEWS if not views or view in views]
    source = open_source(dataset, revision)
    with progress("making rows", source.movies, "movies") as advance:
        manifest = write_rows(source, out, chosen, look, seed, advance)
    _say(source, manifest, out, as_json)


def _say(source: Source, manifest: DatasetManifest, out: Path, as_json: bool) -> None:
    """What was made, and what to do with it."""
    facts = {
        "rows": str(out),
        "name": manifest.name,
        "version": manifest.version,
        "kept": manifest.kept,
        "dataset": source.dataset,
        "revision": source.revision,
        "configs": manifest.configs,
    }
    state = "is unchanged" if manifest.kept else "is written"
    lines = [f"{out}: {manifest.name} {manifest.version} {state}, from {source.dataset} {source.revision}"]
    lines += [
        f"  {view:<9} {sum(rows.values()):>9,} rows  ({', '.join(f'{s} {n:,}' for s, n in rows.items())})"
        for view, rows in manifest.configs.items()
    ]
    first = next(iter(manifest.configs))
    lines.append(f'  load them   load_dataset("{out}", "{first}", split="{next(iter(manifest.configs[first]))}")')
    lines.append(f"  push them   moviellm dataset push {out} ORG/{manifest.name} --version 1.0.0")
    emit(facts, "\n".join(lines), as_json)
