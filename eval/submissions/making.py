"""What `moviellm submit make` does: the predictions of a run become a bundle that the benchmark's index accepts.

    moviellm submit make results/mine --index INDEX.json --model-id org/model --model-revision 0123... \\
        --training-data ORG/DATA --no-seen-test-inputs --out mine.zip

What the run says of its model, frames and parameters is taken from its results.json; what it does not say is asked for
by the name of the option. The bundle is checked before it is put at its place. It sends nothing.
"""

import io
import json
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from moviellm.eval.submissions.bundles import DECLARATION, FOLDER, names_of
from moviellm.eval.submissions.check_verb import checked_in_a_cell, text_of
from moviellm.eval.submissions.declaration import SCHEMA_VERSION, SUBTITLES, TRACKS
from moviellm.eval.submissions.index import TASKS, Index, read_index
from moviellm.eval.submissions.names import display_name_fault, is_commit, model_id_fault
from moviellm.generation.files import write_whole
from moviellm.generation.output import emit, note

ZIP_DATE: Final = (1980, 1, 1, 0, 0, 0)
"""So that the same run gives the same bytes."""
HEARD: Final = frozenset({"none", "shuffled", "reversed", "dialogue-only"})
"""Controls under which a model is given what is said."""
SEEN: Final = {"single-frame": 1, "question-only": 0, "title-only": 0, "dialogue-only": 0}
"""Frames under the controls that say how many."""
UNSAID: Final = frozenset({"server", "model"})
"""Parameters of a run that are nobody's business, or stand elsewhere."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What was said on the command line, over what the run says."""

    run: Path
    index: Path
    out: Path
    model_id: str | None = None
    model_revision: str | None = None
    parameters_b: float | None = None
    base_model: str | None = None
    display_name: str | None = None
    frames: int | None = None
    fps: float | None = None
    max_pixels: int | None = None
    subtitles: str | None = None
    audio: bool = False
    track: str | None = None
    training_data: tuple[str, ...] = ()
    no_training_data: bool = False
    seen_test_inputs: bool | None = None


def make(wish: Wish, *, as_json: bool) -> None:
    """`moviellm submit make`."""
    index = read_index(wish.index)
    results = results_of(wish.run, "model")
    content = {DECLARATION: _yaml(declaration_of(wish, results, index)), **predictions_of(wish.run, index)}
    _check_out(wish.out)
    with tempfile.TemporaryDirectory(prefix="moviellm-submit-") as made:
        bundle = Path(made) / ("bundle.zip" if wish.out.suffix == ".zip" else "bundle")
        _write(bundle, content)
        facts = checked_in_a_cell(bundle, index, wish.index)
        if facts["accepted"]:
            _install(bundle, wish.out)
    made_at = [str(wish.out)] if facts["accepted"] else []
    emit({**facts, "bundle": next(iter(made_at), None)}, "\n".join([text_of(facts), *made_at]), as_json)
    if not facts["accepted"]:
        note(f"{wish.out} was not written: the benchmark would reject it")
        raise SystemExit(1)


def results_of(run: Path, *needed: str) -> dict[str, Any]:
    """The results of a run of `moviellm eval run`.

    Raises:
        ValueError: there are none, or they lack what is needed.
    """
    path = run / "results.json"
    if not path.is_file():
        raise ValueError(f"{run} holds no run (no results.json); give the --out of a moviellm eval run")
    found = json.loads(path.read_bytes())
    if not isinstance(found, dict) or not set(needed) <= set(found):
        raise ValueError(f"{path} is not of a moviellm eval run")
    return found


def predictions_of(run: Path, index: Index) -> dict[str, bytes]:
    """A file a task with the predictions of the index's items, as far as the run has them."""
    path = run / "predictions.jsonl"
    if not path.is_file():
        raise ValueError(f"{run} holds no predictions.jsonl; give the --out of a moviellm eval run")
    lines: dict[str, str] = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            lines[json.loads(line)["id"]] = line.rstrip("\n")
    return {
        f"{FOLDER}/{task}.jsonl": "".join(f"{lines[item]}\n" for item in items if item in lines).encode()
        for task, items in index.tasks.items()
    }


def declaration_of(wish: Wish, results: Mapping[str, Any], index: Index) -> dict[str, Any]:
    """The fields of submission.yaml.

    Raises:
        ValueError: something is not known, or cannot be said so; the message names the options.
    """
    model = results["model"]
    model_id = wish.model_id or (str(model["id"]) if model_id_fault(str(model["id"])) is None else None)
    revision = wish.model_revision or (str(model["revision"]) if is_commit(str(model["revision"])) else None)
    track = wish.track or ("open-weights" if model["kind"] == "checkpoint" else None)
    subtitles = wish.subtitles or _subtitles(results)
    if wish.training_data and wish.no_training_data:
        raise ValueError("--training-data and --no-training-data exclude each other; leave one out")
    trained = bool(wish.training_data or wish.no_training_data) or None
    _check_known(
        {
            "--model-id namespace/name": model_id,
            "--model-revision COMMIT, 40 hex digits": revision,
            f"--track {' or '.join(TRACKS)}": track,
            f"--subtitles {' or '.join(SUBTITLES)}": subtitles,
            "--training-data NAME, as often as needed, or --no-training-data": trained,
            "--seen-test-inputs or --no-seen-test-inputs": wish.seen_test_inputs,
        },
        wish.run,
    )
    name = wish.display_name or (model_id or "").rpartition("/")[2]
    if fault := display_name_fault(name):
        raise ValueError(f"--display-name {name!r}: {fault}")
    return {
        "schema_version": SCHEMA_VERSION,
        "benchmark": index.benchmark,
        "benchmark_revision": index.revision,
        "model": {
            "id": model_id,
            "revision": revision,
            "parameters_b": wish.parameters_b,
            "base_model": wish.base_model,
        },
        "display_name": name,
        "inputs": {**_frames(wish, results), "subtitles": subtitles, "audio": wish.audio},
        "generation": _parameters(results),
        "track": track,
        "training_data": list(wish.training_data),
        "seen_test_inputs": wish.seen_test_inputs,
    }


def _check_known(asked: Mapping[str, object], run: Path) -> None:
    unknown = [option for option, value in asked.items() if value is None]
    if unknown:
        raise ValueError(f"the run in {run} does not say all that a submission must; give {'; '.join(unknown)}")


def _control(results: Mapping[str, Any]) -> str | None:
    """The control of a run; None where it was not shown films by us."""
    return None if results.get("frames") is None else str(results["frames"]["control"])


def _subtitles(results: Mapping[str, Any]) -> str | None:
    control = _control(results)
    return None if control is None else "provided" if control in HEARD else "none"


def _frames(wish: Wish, results: Mapping[str, Any]) -> dict[str, Any]:
    """How frames were chosen: what was said, else the control's number, else the run's policy."""
    policy = (results.get("frames") or {}).get("policy", {})
    said = {"frames": wish.frames, "fps": wish.fps, "max_pixels": wish.max_pixels}
    known = {"frames": policy.get("n"), "fps": policy.get("fps"), "max_pixels": policy.get("pixels")}
    control = _control(results)
    if control in SEEN:
        known = {"frames": SEEN[control], "fps": None, "max_pixels": policy.get("pixels")}
    return {name: known[name] if value is None else value for name, value in said.items()}


def _parameters(results: Mapping[str, Any]) -> dict[str, Any]:
    known: Mapping[str, Any] = results.get("parameters") or {}
    told = {name: value for name, value in known.items() if name not in UNSAID}
    return {name: value for name, value in told.items() if isinstance(value, (str, int, float, type(None)))}


def _yaml(declared: Mapping[str, Any]) -> bytes:
    import yaml

    text: str = yaml.safe_dump(dict(declared), sort_keys=False, allow_unicode=True, width=10_000)
    return text.encode()


def _check_out(out: Path) -> None:
    """Refuse a place that holds something else."""
    if out.is_dir():  # it is removed for the new one, with all that lies in it
        known = names_of(TASKS)
        found = (path.relative_to(out).as_posix() for path in out.rglob("*") if not path.is_dir())
        ours = out.suffix != ".zip" and all(name in known for name in found)
    else:
        ours = not out.exists() or out.suffix == ".zip"
    if not ours:
        raise ValueError(f"{out} holds something that is no bundle; choose another --out")


def _write(bundle: Path, content: Mapping[str, bytes]) -> None:
    if bundle.suffix != ".zip":
        for name, data in content.items():
            write_whole(bundle / name, data)
        return
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(zipfile.ZipInfo(name, ZIP_DATE), data, zipfile.ZIP_DEFLATED)
    write_whole(bundle, made.getvalue())


def _install(bundle: Path, out: Path) -> None:
    if bundle.is_file():
        write_whole(out, bundle)
        return
    if out.exists():
        shutil.rmtree(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(bundle, out)
