"""The stages of one seed: the tower, the baseline on clips, whole movies after it, and the control.

    tower = see(footage, settings, seed, out)            # tower, and the features of all keyframes
    baseline(...), longer(...)                           # checkpoints of our own model class, a folder each

The control goes on from the same baseline with the same lessons, on clips alone, so many of them a step that both read
as many tokens. What a lesson draws depends on its seed and step and on nothing else.
"""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from moviellm.generation.files import write_whole
from moviellm.generation.progress import progress
from moviellm.training.model.convolutions import Tower
from moviellm.training.model.layout import FRAME
from moviellm.training.model.modeling import MovieLLMForConditionalGeneration
from moviellm.training.proof.aligning import align, named
from moviellm.training.proof.encoding import Seen, choose, example_of
from moviellm.training.proof.footage import Footage
from moviellm.training.proof.model import Sizes, build
from moviellm.training.proof.settings import LessonSettings, ProofSettings
from moviellm.training.proof.stepping import Plan, train
from moviellm.training.proof.tower import accuracies, features_of, learn
from moviellm.training.proof.words import Words
from moviellm.training.remix.asking import questions
from moviellm.training.remix.composing import Remix
from moviellm.training.shared.collating import SharedMovies
from moviellm.training.shared.decoders import share_movies

CLIP_SCENES = (1, 2)
"""Scenes of a clip, fewest and most."""
CLIP_QUESTIONS = 2 / 3
"""Questions of a clip for each one of a whole movie: a clip has fewer to ask."""
WEIGHED = 200
"""Examples by which the tokens of a lesson are estimated."""
Batches = Callable[[int], dict[str, torch.Tensor]]


def see(footage: Footage, settings: ProofSettings, seed: int, folder: Path) -> None:
    """Train the tower on what may teach, and keep it with the features of all keyframes."""
    torch.manual_seed(seed)
    album, tower = footage.album, Tower()
    with progress("tower", total=settings.tower.steps, unit="steps") as advance:
        heads = learn(
            tower,
            album.pictures,
            album.truths,
            footage.taught,
            steps=settings.tower.steps,
            batch=settings.tower.batch,
            seed=seed,
            told=lambda *_: advance(1),
        )
    rows = {frame: row for row, frame in enumerate(album.ids)}
    right = {
        name: accuracies(tower, heads, album.pictures, album.truths, [rows[f] for line in lines for f in line.frames])
        for name, lines in footage.tests.items()
        if name != "clips"
    }
    save_file(tower.state_dict(), folder / "tower.safetensors")
    save_file({"features": features_of(tower, album.pictures)}, folder / "features.safetensors")
    told = {"accuracies": right, "parameters": sum(weight.numel() for weight in tower.parameters())}
    write_whole(folder / "tower.json", (json.dumps(told, indent=1) + "\n").encode())


def seen_by(footage: Footage, folder: Path) -> Seen:
    """The features that `see` kept."""
    features = load_file(folder / "features.safetensors")["features"]
    return Seen({frame: row for row, frame in enumerate(footage.album.ids)}, features)


@dataclass(frozen=True)
class Class:
    """What the decoder's stages share: scenes to remix, words and features."""

    remix: Remix
    words: Words
    seen: Seen
    seed: int

    def batches(self, name: str, lesson: LessonSettings, lead_in: int) -> Batches:
        """What makes the batch of a step."""
        collate = SharedMovies(pad_id=0, lead_in=lead_in, frame_token_id=self.words.numbers[FRAME])

        def batch(step: int) -> dict[str, torch.Tensor]:
            draw = random.Random(f"{self.seed}-{name}-{step}")
            return collate([self.example(lesson, draw) for _ in range(lesson.movies)])

        return batch

    def example(self, lesson: LessonSettings, draw: random.Random) -> dict[str, Any]:
        """A remix with questions, or a clip."""
        line = self.remix.draw(draw, scenes_of(lesson, draw))
        asked = choose(questions(line, draw), lesson.questions, lesson.weights, draw)
        return example_of(line, asked, self.words, self.seen)

    def tokens(self, lesson: LessonSettings) -> float:
        """Tokens that a movie of a lesson has with its questions, on average."""
        draw, total = random.Random(f"{self.seed}-tokens"), 0
        for _ in range(WEIGHED):
            example = self.example(lesson, draw)
            total += len(example["movie_ids"]) + sum(len(turn.ids) for turn in example["turns"])
        return total / WEIGHED


def scenes_of(lesson: LessonSettings, draw: random.Random) -> int:
    """Scenes of a movie: those of a clip now and then."""
    return draw.randint(*(CLIP_SCENES if draw.random() < lesson.clips else lesson.scenes))


def control_of(lesson: LessonSettings, own: Class) -> LessonSettings:
    """A lesson on whole movies with clips in their place, so many that a step reads as many tokens."""
    questions_a_clip = max(1, round(lesson.questions * CLIP_QUESTIONS))
    clips = lesson.model_copy(update={"scenes": CLIP_SCENES, "clips": 0.0, "questions": questions_a_clip})
    movies = round(lesson.movies * own.tokens(lesson) / own.tokens(clips))
    return clips.model_copy(update={"movies": max(movies, 1)})


def fresh(own: Class, sizes: Sizes, steps: int) -> Any:
    """A model with new weights, its frames aligned with its words in so many steps."""
    model = build(own.words, own.seen.features.shape[-1], sizes, own.seed)
    if steps:
        align(model, own.seen, named(own.remix.scenes), own.words, steps=steps, seed=own.seed)
    return model


def teach(own: Class, lessons: Sequence[LessonSettings], name: str, start: Path | Any, folder: Path) -> None:
    """Lessons for a model, or for a checkpoint; leaves a checkpoint with its losses."""
    model: Any = start
    if isinstance(start, Path):
        model = MovieLLMForConditionalGeneration.from_pretrained(start, dtype=torch.float32)
    lead_in, losses = share_movies(model), list[float]()
    with progress(name, total=sum(lesson.steps for lesson in lessons), unit="steps") as advance:
        for number, lesson in enumerate(lessons):
            plan = Plan(steps=lesson.steps, muon=lesson.muon, adam=lesson.adam)
            batches = own.batches(f"{name}{number}", lesson, lead_in)
            losses += train(model, batches, plan, told=lambda *_: advance(1))
    model.save_pretrained(folder)
    own.words.tokenizer().save_pretrained(folder)
    told = {
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "steps": len(losses),
        "movies": sum(lesson.steps * lesson.movies for lesson in lessons),
        "tokens": round(sum(own.tokens(lesson) * lesson.movies * lesson.steps for lesson in lessons)),
        "losses": [round(loss, 4) for loss in losses],
    }
    write_whole(folder / "losses.json", (json.dumps(told) + "\n").encode())
