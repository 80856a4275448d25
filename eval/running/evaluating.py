"""What `moviellm eval run` does: a model answers a dataset's questions, and its answers are scored beside controls.

    moviellm eval run --model ckpt --data demo/MovieLLM-tiny --tasks qa_mc,grounding --controls all --out results
    moviellm eval run --model replay:results/predictions.jsonl --data demo/MovieLLM-tiny --out again

Stopped, it goes on where it was: every answer is kept in OUT/kept. A model is loaded once, and a movie read once, for
all controls; each is a run of its own in OUT/controls. What a run leaves is in results.py.
"""

import platform
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import closing, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final, NoReturn

from moviellm.eval.published.opening import is_published
from moviellm.eval.running import planning
from moviellm.eval.running.asker import wait_for_askers
from moviellm.eval.running.asking import ask_all
from moviellm.eval.running.controls import GUESSED, visual_gain
from moviellm.eval.running.films import Control
from moviellm.eval.running.guesses import VERSION as GUESSES_VERSION
from moviellm.eval.running.guesses import Reference, guesses
from moviellm.eval.running.journal import Journal
from moviellm.eval.running.meteors import DENSE, with_meteor
from moviellm.eval.running.models import open_model
from moviellm.eval.running.pages import text_of
from moviellm.eval.running.protocol import Model, Said
from moviellm.eval.running.results import RESULTS_VERSION, Row, numbers_of, score_all, write_run
from moviellm.eval.running.spreading import PACKAGES, ask_on
from moviellm.eval.running.wishes import Ready, Wish, left_out_of, prepare, settings_of
from moviellm.eval.tasks.items import Data, open_data
from moviellm.eval.tasks.table import task_named
from moviellm.generation.cluster.connecting import connected
from moviellm.generation.cluster.nodes import innermost
from moviellm.generation.output import emit, note
from moviellm.generation.protocols import StoppedError
from moviellm.generation.runs.lock import lock_run

CONTROLS_FOLDER: Final = "controls"
"""Folder of OUT in which each control is a run."""
REFERENCE_SPLITS: Final = ("train", "validation", "dev")
"""Where answers are guessed from."""


def run(wish: Wish, *, as_json: bool, dry_run: bool = False) -> None:
    """`moviellm eval run`."""
    if dry_run:
        planning.tell(wish, as_json=as_json)
        return
    results, rows = evaluate(wish)
    emit(results, f"{text_of(results)}\n{wish.out / 'results.json'}", as_json)
    reasons = [row.said.reason for row in rows.values()]
    if all(reason is not None for reason in reasons):
        raise ValueError(
            f"no question was answered; the first: {reasons[0]} (all are in {wish.out / 'answers.jsonl'})"
        )


def evaluate(wish: Wish) -> tuple[dict[str, Any], dict[str, Row]]:
    """The same for programs: leaves the run in its folder and prints nothing but progress."""
    begun = time.monotonic()
    ready = prepare(wish)
    with connected(wish.on) if wish.on else nullcontext() as ray, lock_run(wish.out):
        model = open_model(wish, ready.data, wish.kept)
        settings = settings_of(wish, ready, model)
        try:
            if ray is not None:
                answers = ask_on(ray, wish, model, ready.showing, wish.kept, settings, ready.shown, ready.wanted)
            else:
                wait_for_askers(wish.kept)
                with closing(Journal(wish.kept)) as journal:
                    answers = ask_all(model, ready.wanted, ready.data, ready.showing, journal, settings, ready.shown)
        except (StoppedError, BaseExceptionGroup) as error:
            _stop(error, wish)
        finally:
            model.close()
        asked = {"max_tokens": settings.max_tokens, "times": settings.times, "bare": settings.bare}
        return _Run(wish, ready, begun).leave(model, {**model.parameters, **asked}, answers)


@dataclass(frozen=True)
class _Run:
    """A run whose questions are known."""

    wish: Wish
    ready: Ready
    begun: float

    def leave(
        self, model: Model, parameters: Mapping[str, Any], answers: Mapping[Control, Mapping[str, Said]]
    ) -> tuple[dict[str, Any], dict[str, Row]]:
        """Score and write the run and its controls, the run itself last; its results and rows."""
        times = parameters["times"]
        rows = {str(control): score_all(self.ready.wanted, said, times) for control, said in answers.items()}
        guessed = [name for name in self.ready.controls if name in GUESSED]
        reference = reference_of(self.ready.data, self.wish.revision) if guessed else Reference((), "")
        for name in guessed:
            found = guesses(name, self.ready.wanted, reference, self.wish.seed)
            said = {item: Said(text=one.text, row=one.row, reason=one.reason) for item, one in found.items()}
            worth = {item: one.scores for item, one in found.items() if one.scores is not None}
            rows[name] = score_all(self.ready.wanted, said, "seconds", worth)
        reason = None
        if self.wish.meteor and not self.ready.data.withheld:
            rows, reason = with_meteor(rows)
        numbers = {control: self._numbers(mine, reason) for control, mine in rows.items()}
        for control in self.ready.controls:
            about: dict[str, Any] = {}
            if control in guessed:
                about = {
                    "model": {"id": control, "kind": "control", "revision": str(GUESSES_VERSION)},
                    "parameters": {"reference": reference.name},
                    "frames": {"policy": {}, "policy_key": None, "control": control, "seed": self.wish.seed},
                }
            results = {**self._results(model, parameters, control, numbers[control]), **about}
            write_run(self.wish.out / CONTROLS_FOLDER / control, self.ready.chosen, rows[control], results)
        results = self._results(model, parameters, "none", numbers["none"])
        sizes = Counter(question.group for question in self.ready.data.questions.values())
        for task in map(task_named, self.ready.chosen if not self.ready.data.withheld else ()):
            gain = visual_gain(task, self.ready.chosen[task.name], rows["none"], rows, sizes)
            results["tasks"][task.name] |= {} if gain is None else {"visual_gain": gain}
        results["controls"] = (
            {}
            if self.ready.data.withheld
            else {
                name: {"tasks": {task: {"metrics": told["metrics"]} for task, told in numbers[name].items()}}
                for name in self.ready.controls
            }
        )
        results["controls_left_out"] = dict(self.ready.left_out)
        results["guessed_from"] = reference.name if guessed else None
        write_run(self.wish.out, self.ready.chosen, rows["none"], results)
        return results, rows["none"]

    def _numbers(self, rows: Mapping[str, Row], no_meteor: str | None) -> dict[str, Any]:
        data, chosen = self.ready.data, self.ready.chosen
        found = {name: numbers_of(task_named(name), mine, rows, data) for name, mine in chosen.items()}
        if no_meteor is not None and DENSE in found:
            blank = {"value": None, "low": None, "high": None, "n": len(chosen[DENSE])}
            found[DENSE]["metrics"]["meteor"] = blank
            found[DENSE]["meteor_reason"] = no_meteor
        return found

    def _results(
        self, model: Model, parameters: Mapping[str, Any], control: str, numbers: dict[str, Any]
    ) -> dict[str, Any]:
        wish, cost = self.wish, model.facts()
        seconds = time.monotonic() - self.begun
        started = datetime.now(UTC) - timedelta(seconds=seconds)
        return {
            "results_version": RESULTS_VERSION,
            "tasks": numbers,
            "model": {"id": model.name, "kind": model.kind, "revision": model.revision},
            "parameters": dict(parameters),
            "data": {
                **self.ready.data.facts,
                "limit": wish.limit,
                "seed": wish.seed,
                "left_out": left_out_of(self.ready.data),
                **({"withheld": True} if self.ready.data.withheld else {}),
            },
            "frames": self.ready.showing.facts(control) if model.needs_films else None,
            "versions": _versions(model.kind),
            **({"cost": cost} if cost and control == "none" else {}),
            "times": {"started_at": started.isoformat(timespec="seconds"), "seconds": round(seconds, 3)},
        }


def reference_of(data: Data, revision: str | None) -> Reference:
    """Questions from which answers are guessed: of the first other split that there is, else those asked."""
    for split in (name for name in REFERENCE_SPLITS if not is_published(data.place) and name != data.split):
        try:
            return Reference(open_data(data.place, split=split, revision=revision).questions.values(), split)
        except ValueError:
            continue
    return Reference(data.questions.values(), f"{data.split}, other movies of it")


def _stop(error: BaseException, wish: Wish) -> NoReturn:
    """End a run that cannot go on now; what was answered is kept."""
    error = innermost(error)
    if not isinstance(error, StoppedError):
        raise error
    note(f"stopped: {str(error).replace('set llm.', '--')}")
    note(f"what was answered is kept in {wish.kept}; the same command goes on from there")
    raise SystemExit(1)


def _versions(kind: str) -> dict[str, str]:
    """Versions of what decides answers and numbers."""
    found = {"python": platform.python_version()}
    for name in ("moviellm", "numpy", *PACKAGES.get(kind, ())):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
