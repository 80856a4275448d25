"""What `moviellm eval report` does: runs become a page, a Markdown text, plots and tables.

    moviellm eval report results/sees results/other --out report --data demo/MovieLLM-tiny

OUT/report.html          everything in one file, failures with pictures
OUT/report.md            the same as Markdown, with a few failures
OUT/plots/*.svg          every plot
OUT/tables/*.tex         every table, for \\input (booktabs)
OUT/pictures/*.jpg       frames of the failures in the Markdown

The same runs give the same bytes. It asks no model and no judge.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from moviellm.cards.pictures import strip
from moviellm.eval.published.opening import is_published
from moviellm.eval.reporting.album import Album, open_album, place_of
from moviellm.eval.reporting.canvas import Plot
from moviellm.eval.reporting.comparisons import compare_runs
from moviellm.eval.reporting.failures import Failure, sample_failures
from moviellm.eval.reporting.film_album import open_films
from moviellm.eval.reporting.markdown_page import markdown_of, shown_in_markdown
from moviellm.eval.reporting.page import page_of
from moviellm.eval.reporting.plots import plots_of
from moviellm.eval.reporting.runs import Run, read_runs
from moviellm.eval.reporting.tables import Table, tables_of
from moviellm.eval.reporting.timeline import timeline_plot
from moviellm.eval.reporting.view import view_of
from moviellm.generation.files import write_whole
from moviellm.generation.output import emit, note
from moviellm.generation.progress import progress

PAGE: Final = "report.html"
NOT_NAMED: Final = (
    "results do not name where the dataset lies; give its folder to --data, or published annotations and --videos"
)
FAILURES: Final = 2
PAGE_MB: Final = 8.0


def report(
    folders: Sequence[Path],
    *,
    out: Path,
    data: str | None,
    videos: Path | None = None,
    each: int = FAILURES,
    seed: int = 0,
    page_mb: float = PAGE_MB,
    as_json: bool,
) -> None:
    """`moviellm eval report`.

    Raises:
        ValueError: as `make`.
    """
    facts = make(folders, out=out, data=data, videos=videos, each=each, seed=seed, page_mb=page_mb)
    for said in facts["notes"]:
        note(said)
    emit(facts, f"{_counts(facts)}\n{facts['page']}", as_json)


def report_beside(run: Path, *, data: str, videos: Path | None) -> None:
    """`moviellm eval run --report`: the report of one run, in its folder.

    Raises:
        ValueError: as `make`.
    """
    facts = make([run], out=run / "report", data=data, videos=videos)
    for said in (*facts["notes"], f"report: {_counts(facts)}: {facts['page']}"):
        note(said)


def _counts(facts: Mapping[str, Any]) -> str:
    counts = ", ".join(f"{facts[name]} {name}" for name in ("plots", "tables", "failures"))
    return f"{counts}, {facts['bytes'] / 1e6:.1f} MB"


def make(
    folders: Sequence[Path],
    *,
    out: Path,
    data: str | None,
    videos: Path | None = None,
    each: int = FAILURES,
    seed: int = 0,
    page_mb: float = PAGE_MB,
) -> dict[str, Any]:
    """Make a report; what it holds.

    Raises:
        ValueError: a folder holds no run, `data` is of none of the runs, or OUT holds something else.
    """
    if each < 0:
        raise ValueError(f"--failures is {each}; it is how many of each task and type are shown, 0 at least")
    if not page_mb > 0:
        raise ValueError(f"--page-mb is {page_mb:g}; it is the size that the page may have in MB, more than 0")
    earlier = _check_out(out)
    runs = read_runs(folders)
    albums, missing = _albums(runs, data, videos)
    pairs, notes = compare_runs(runs)
    tables, plots = tables_of(runs, pairs), plots_of(runs, pairs)
    view = view_of(runs, plots, tables, [*notes, *missing])
    failures, wrong = sample_failures(runs, albums, each=each, seed=seed)
    lead = (
        f"{wrong:,} of {sum(len(run.answers) for run in runs):,} answers are wrong; of every run, task and question "
        f"type {each} are drawn by seed {seed}, and each question stands once, with what every run said. What a valid "
        "judge accepts is not counted as wrong."
    )
    pictures = _pictures(failures, runs, albums)
    with progress("report", total=len(failures), unit="failures") as advance:
        html, left = page_of(view, failures, pictures, most_bytes=int(page_mb * 1e6), lead=lead, advance=advance)
    labels = [run.label for run in runs]
    timelines = [_numbered(timeline_plot(one, labels), place) for place, one in enumerate(shown_in_markdown(failures))]
    strips = _strips(shown_in_markdown(failures), pictures)
    _write(out, earlier, [*plots, *timelines], tables, strips)
    write_whole(out / "report.md", markdown_of(view, failures, lead=lead, pictured=strips).encode())
    write_whole(out / PAGE, html.encode())
    return {
        "page": str(out / PAGE),
        "bytes": len(html.encode()),
        "plots": len(plots),
        "tables": len(tables),
        "failures": len(failures),
        "wrong": wrong,
        "pictures": html.count('src="data:'),
        "pictures_left_out": left,
        "notes": list(view.notes),
    }


def _check_out(out: Path) -> bool:
    """Whether a report is replaced; a folder with other things is not touched."""
    if out.exists() and not out.is_dir():
        raise ValueError(f"{out} is a file; --out is a folder for the report")
    if not out.exists() or not any(out.iterdir()):
        return False
    if not (out / PAGE).is_file():
        raise ValueError(f"{out} holds something else than a report; choose a new folder for --out")
    return True


def _albums(runs: Sequence[Run], data: str | None, videos: Path | None) -> tuple[dict[int, Album], list[str]]:
    """Datasets by place of the run, and why a run has none."""
    albums: dict[int, Album] = {}
    opened: dict[tuple[str, str], Album | ValueError | OSError] = {}
    reasons = []
    for place, run in enumerate(runs):
        facts = run.results["data"]
        source = data or place_of(facts)
        if source is None:
            reasons.append((run.label, NOT_NAMED))
            continue
        key = (source, f"{facts.get('rows_sha256')} {facts.get('split')}")
        if key not in opened:
            try:
                opened[key] = _open(source, videos, facts)
            except (ValueError, OSError) as error:
                opened[key] = error
        found = opened[key]
        if isinstance(found, Album):
            albums[place] = found
        else:
            reasons.append((run.label, str(found)))
    if data is not None and not albums:
        raise ValueError(reasons[0][1])
    notes = [f"Pictures and spoken lines are missing ({label}): {reason}" for label, reason in reasons]
    return albums, notes


def _open(source: str, videos: Path | None, facts: Mapping[str, Any]) -> Album:
    if not is_published(source):
        return open_album(source, facts)
    if videos is None:
        raise ValueError(f"{source} holds no films; give their folder to --videos")
    return open_films(source, videos, facts)


def _pictures(failures: Sequence[Failure], runs: Sequence[Run], albums: Mapping[int, Album]) -> dict[str, bytes]:
    """Pictures of all frames that failures show."""
    wanted = {frame.keyframe_id for one in failures for frame in one.frames}
    found: dict[str, bytes] = {}
    for album in {id(album): album for album in albums.values()}.values():
        found |= album.pictures(wanted - set(found))
    return found


def _numbered(plot: Plot, place: int) -> Plot:
    return Plot(
        name=f"failure_{place}",
        title=plot.title,
        words=plot.words,
        width=plot.width,
        height=plot.height,
        body=plot.body,
    )


def _strips(failures: Sequence[Failure], pictures: Mapping[str, bytes]) -> dict[int, bytes]:
    """Frames of the failures of the Markdown as one picture each, by their number there."""
    found: dict[int, bytes] = {}
    for number, one in enumerate(failures):
        frames = [pictures[frame.keyframe_id] for frame in one.frames if frame.keyframe_id in pictures]
        if frames and len(frames) == len(one.frames):
            with suppress(ValueError, OSError):  # no picture that can be shown
                found[number] = strip(frames, columns=4, width_px=840)
    return found


def _write(
    out: Path, earlier: bool, plots: Sequence[Plot], tables: Sequence[Table], strips: Mapping[int, bytes]
) -> None:
    """Write plots, tables and pictures; those of an earlier report that are not made any more go."""
    made = {out / "plots" / f"{plot.name}.svg": plot.file().encode() for plot in plots}
    made |= {out / "tables" / f"{table.name}.tex": table.latex().encode() for table in tables}
    made |= {out / "pictures" / f"failure_{number}.jpg": data for number, data in strips.items()}
    if earlier:
        for path in [*out.glob("plots/*.svg"), *out.glob("tables/*.tex"), *out.glob("pictures/failure_*.jpg")]:
            if path not in made:
                path.unlink()
    for path, data in made.items():
        write_whole(path, data)
