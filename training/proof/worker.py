"""Stages of one seed in a process of their own: what `moviellm prove` starts, two at a time.

    python -m moviellm.training.proof.worker proof out 0 see baseline --threads 2
    python -m moviellm.training.proof.worker proof out 0 movies answers:movies

Threads are told, whatever the machine has: the results of a seed are then the same on a loaded machine. Two stages
that go on from the same checkpoint use two cores better than one stage with two threads does.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers.utils.logging import disable_progress_bar

from moviellm.generation.files import write_whole
from moviellm.generation.progress import progress
from moviellm.training.model.modeling import MovieLLMForConditionalGeneration
from moviellm.training.proof.answering import answers
from moviellm.training.proof.encoding import VIEWS
from moviellm.training.proof.following import end_with_parent
from moviellm.training.proof.footage import SETS, Footage, read_footage
from moviellm.training.proof.keeping import kept
from moviellm.training.proof.learning import Class, control_of, fresh, see, seen_by, teach
from moviellm.training.proof.model import Sizes
from moviellm.training.proof.settings import LessonSettings, ProofSettings, load_settings
from moviellm.training.proof.words import Words
from moviellm.training.remix.composing import Remix

RUNS = ("baseline", "movies", "control")
"""Models of a seed, in the order of tables."""


class Seed:
    """The stages of one seed, in its folder."""

    def __init__(self, settings: ProofSettings, out: Path, seed: int) -> None:
        self.settings, self.seed, self.folder = settings, seed, out / f"seed{seed}"
        self.footage: Footage = read_footage(out / "dataset", settings)
        self._own: Class | None = None

    def run(self, stage: str) -> None:
        """See, train or answer."""
        if stage == "see":
            self._see()
        elif stage.startswith("answers:"):
            self._answer(stage.split(":")[1])
        else:
            self._teach(stage)

    def _see(self) -> Path:
        def make(folder: Path) -> None:
            see(self.footage, self.settings, self.seed, folder)

        return kept(self.folder / "tower", self._plan("movies", "overrides", "held_out_places", "tower"), make)

    def _class(self) -> Class:
        if self._own is None:
            seen = seen_by(self.footage, self._see())
            remix = Remix(self.footage.train, self.footage.refused)
            self._own = Class(remix, Words.of(self.footage.train), seen, self.seed)
        return self._own

    def _lessons(self, name: str) -> list[LessonSettings]:
        if name == "control":
            return [control_of(lesson, self._class()) for lesson in self.settings.longer]
        return [self.settings.baseline] if name == "baseline" else list(self.settings.longer)

    def _teach(self, name: str) -> Path:
        """The checkpoint after the last lesson."""
        lessons = self._lessons(name)
        return self._taught(name, lessons, len(lessons))

    def _taught(self, name: str, lessons: Sequence[LessonSettings], count: int) -> Path:
        """The checkpoint after so many lessons; the last one's folder has the model's name alone."""
        lesson, label = lessons[count - 1], f"{name}-lesson{count}"

        def make(folder: Path) -> None:
            own, before = self._class(), self._taught(name, lessons, count - 1) if count > 1 else None
            start: Any = before
            if start is None and name == "baseline":
                start = fresh(own, Sizes(**self.settings.decoder.model_dump()), self.settings.align)
            teach(own, lesson, label, start or self._teach("baseline"), folder, before)

        plan = self._plan(*ProofSettings.model_fields)
        plan |= {"lessons": [one.model_dump(mode="json") for one in lessons[:count]]}
        return kept(self.folder / (name if count == len(lessons) else label), plan, make)

    def _answer(self, name: str) -> None:
        checkpoint, own, tests = self._teach(name), self._class(), self.footage.tests

        def make(folder: Path) -> None:
            model = MovieLLMForConditionalGeneration.from_pretrained(checkpoint, dtype=torch.float32)
            shows = [(which, view) for which in SETS for view in (VIEWS if which == "known" else VIEWS[:1])]
            rows: list[str] = []
            with progress(f"answers of {name}", sum(len(tests[which]) for which, _ in shows), "movies") as advance:
                for which, view in shows:
                    for line in tests[which]:
                        found = answers(model, name, which, view, [line], own.words, own.seen, self.settings.asked)
                        rows += [json.dumps({"seed": self.seed, **row}) for row in found]
                        advance(1)
            write_whole(folder / "predictions.jsonl", ("\n".join(rows) + "\n").encode())

        kept(self.folder / f"answers_{name}", self._plan(*ProofSettings.model_fields), make)

    def _plan(self, *keys: str) -> dict[str, Any]:
        """What a stage was made by: the settings it depends on, and the seed."""
        told = self.settings.model_dump(mode="json")
        return {"seed": self.seed} | {key: told[key] for key in keys}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run stages of a seed."""
    parser = argparse.ArgumentParser(description="Stages of one seed of the proof.")
    parser.add_argument("recipe")
    parser.add_argument("out", type=Path)
    parser.add_argument("seed", type=int)
    parser.add_argument("stages", nargs="+", metavar="STAGE", help="see, baseline, movies, control, answers:RUN")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--follow", action="store_true", help="end when standard input is closed")
    options = parser.parse_args(arguments)
    if options.follow:
        end_with_parent()
    disable_progress_bar()
    torch.set_num_threads(options.threads)
    torch.use_deterministic_algorithms(True)
    seed = Seed(load_settings(options.recipe), options.out, options.seed)
    for stage in options.stages:
        seed.run(stage)


if __name__ == "__main__":
    main()
