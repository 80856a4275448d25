"""What `moviellm measure DATASET` does: measures the pictures and shows the numbers on the dataset's card.

    moviellm measure demo/MovieLLM-tiny                                 # into its results.json and its card
    moviellm measure org/name --revision 1.0.0 --out results.json       # of the Hub: into a file
    moviellm measure demo/MovieLLM-tiny --set measures.perceptual_model=facebook/dinov2-small

Stopped, it goes on where it was: what the models saw is kept in a cache. What is measured is in keyframes.py; the
rows of the dataset stay as they are.
"""

import json
from importlib.metadata import version
from pathlib import Path

from moviellm.cards.measured import with_section
from moviellm.eval.feature_store import default_folder
from moviellm.eval.keyframes import Measured, measure_keyframes
from moviellm.eval.pictures import manifest_of
from moviellm.generation.config.recipe import Recipe, load_recipe, recipe_from, set_key
from moviellm.generation.dataset.folder import README
from moviellm.generation.dataset.results import RESULTS_FILE, Metric, keep_results
from moviellm.generation.files import write_whole
from moviellm.generation.output import emit
from moviellm.generation.progress import progress


def measure(
    dataset: str,
    *,
    recipe_name: str | None,
    model: str | None,
    overrides: list[str],
    revision: str | None,
    out: Path | None,
    movies_out: Path | None,
    cache: Path | None,
    as_json: bool,
) -> None:
    """`moviellm measure`."""
    recipe = _recipe(recipe_name, [*([f"measures.clip_model={json.dumps(model)}"] if model else []), *overrides])
    local = Path(dataset).is_dir()
    if out is None and not local:
        raise ValueError(f"{dataset} is no folder; for a dataset on the Hub say where the results go: --out FILE")
    if local and revision is not None:
        raise ValueError(f"{dataset} is a folder and has no revision {revision!r}; revisions are for the Hub")
    manifest = manifest_of(dataset, revision)
    keyframes = sum(manifest.configs.get("keyframes", {}).values())
    with progress("measuring", keyframes, "keyframes") as advance:
        measured = measure_keyframes(
            dataset,
            recipe.measures,
            cache=cache or default_folder(),
            revision=revision,
            code_version=version("moviellm"),
            progress=advance,
        )
    place = _keep(dataset, measured, out)
    if movies_out is not None:
        write_whole(movies_out, (json.dumps(measured.by_movie, indent=1, sort_keys=True) + "\n").encode())
    facts = {"dataset": dataset, "results": str(place), **measured.results.model_dump(mode="json")}
    emit(facts, _lines(dataset, place, measured.results.metrics), as_json)


def _recipe(name: str | None, overrides: list[str]) -> Recipe:
    """A recipe of which only the measures count, and who chose the pictures."""
    wrong = [one for one in overrides if not one.startswith("measures.")]
    if wrong:
        raise ValueError(f"--set {wrong[0]}: the pictures are made; here only measures.* can be set")
    if name is not None:
        return load_recipe(name, overrides)
    data: dict[str, object] = {}
    for override in overrides:
        set_key(data, override)
    return recipe_from(data, source="measures")


def _keep(dataset: str, measured: Measured, out: Path | None) -> Path:
    if out is not None:
        write_whole(out, measured.results.text().encode())
        return out
    folder = Path(dataset)
    readme = (folder / README).read_text(encoding="utf-8")
    keep_results(folder, measured.results, with_section(readme, measured.results))
    return folder / RESULTS_FILE


def _lines(dataset: str, place: Path, metrics: tuple[Metric, ...]) -> str:
    width = max(len(metric.name) for metric in metrics)
    lines = [f"{dataset}: measured, in {place}"]
    for metric in metrics:
        value = "none" if metric.value is None else f"{metric.value:.4f}"
        ends = "" if metric.low is None or metric.high is None else f"  [{metric.low:.4f}, {metric.high:.4f}]"
        note = f"  ({metric.note})" if metric.note else ""
        lines.append(f"  {metric.name:<{width}}  {value:>8}{ends}  {metric.n:,} {metric.counted}{note}")
    return "\n".join(lines)
