"""The stages of one seed: the tower, the baseline on clips, whole movies after it, and the control.

    tower = see(footage, settings, seed, out)            # tower, and the features of all keyframes
    teach(own, lesson, "movies1", start, folder, before)  # a checkpoint of our own model class

The control goes on from the same baseline with the same lessons, on clips alone, so many of them a step that both read
as many tokens. What a lesson draws depends on its seed and step and on nothing else.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from moviellm.generation.files import write_whole
from moviellm.generation.progress import progress
from moviellm.training.model.convolutions import Tower
from moviellm.training.model.modeling import MovieLLMForConditionalGeneration
from moviellm.training.proof.aligning import align, named
from moviellm.training.proof.encoding import Seen, choose, example_of, movie_ids
from moviellm.training.proof.footage import Footage
from moviellm.training.proof.model import Sizes, build
from moviellm.training.proof.packing import Rows, packed
from moviellm.training.proof.settings import LessonSettings, ProofSettings
from moviellm.training.proof.stepping import Plan, train
from moviellm.training.proof.tower import accuracies, features_of, learn
from moviellm.training.proof.words import Words
from moviellm.training.remix.asking import questions
from moviellm.training.remix.composing import Remix

CLIP_SCENES = (1, 2)
"""Scenes of a clip, fewest and most."""
CLIP_TOKENS = 1 / 2
"""Tokens of a clip with its questions for each one of a whole movie: a clip has fewer to ask."""
LOSSES = "losses.json"
WEIGHED = 200
"""Examples by which the tokens of a lesson are estimated."""
Batches = Callable[[int], Rows]


def see(footage: Footage, settings: ProofSettings, seed: int, folder: Path) -> None:
    """Train the tower on what may teach, and keep it with the features of all keyframes."""
    torch.manual_seed(seed)
    album, tower = footage.album(), Tower()
    if album.ids != footage.frames:
        raise ValueError(f"{footage.folder} tells its keyframes in another order than its timelines: build it again")
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
    return Seen({frame: row for row, frame in enumerate(footage.frames)}, features)


@dataclass(frozen=True)
class Class:
    """What the decoder's stages share: scenes to remix, words and features."""

    remix: Remix
    words: Words
    seen: Seen
    seed: int
    dtype: torch.dtype = torch.bfloat16

    def batches(self, name: str, lesson: LessonSettings, text: Any) -> Batches:
        """What makes the rows of a step, for a decoder with this config."""

        def batch(step: int) -> Rows:
            draw = random.Random(f"{self.seed}-{name}-{step}")
            examples = [self.example(lesson, draw) for _ in range(lesson.movies)]
            heads, kernel = text.num_attention_heads, text.conv_L_cache
            return packed(examples, lesson.tokens, heads, kernel, self.words, self.dtype)

        return batch

    def example(self, lesson: LessonSettings, draw: random.Random) -> dict[str, Any]:
        """A remix with questions, or a clip."""
        line = self.remix.draw(draw, scenes_of(lesson, draw))
        room = lesson.tokens - len(movie_ids(line, self.words))
        asked = choose(questions(line, draw), room, lesson.weights, draw)
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
    tokens = round(lesson.tokens * CLIP_TOKENS)
    clips = lesson.model_copy(update={"scenes": CLIP_SCENES, "clips": 0.0, "tokens": tokens})
    movies = round(lesson.movies * own.tokens(lesson) / own.tokens(clips))
    return clips.model_copy(update={"movies": max(movies, 1)})


def fresh(own: Class, sizes: Sizes, steps: int) -> Any:
    """A model with new weights, its frames aligned with its words in so many steps."""
    model = build(own.words, own.seen.features.shape[-1], sizes, own.seed)
    if steps:
        align(model, own.seen, named(own.remix.scenes), own.words, steps=steps, seed=own.seed)
    return model


def teach(own: Class, lesson: LessonSettings, name: str, start: Path | Any, folder: Path, before: Path | None) -> None:
    """A lesson for a model, or for a checkpoint; leaves a checkpoint with its losses, behind those of `before`."""
    model: Any = start
    if isinstance(start, Path):
        model = MovieLLMForConditionalGeneration.from_pretrained(start, dtype=torch.float32)
    rows = own.batches(name, lesson, model.config.get_text_config())
    plan = Plan(steps=lesson.steps, muon=lesson.muon, adam=lesson.adam)
    with progress(name, total=lesson.steps, unit="steps") as advance:
        losses = train(model, rows, plan, told=lambda *_: advance(1))
    model.eval()
    model.save_pretrained(folder)
    own.words.tokenizer().save_pretrained(folder)
    told: dict[str, Any] = {
        "steps": lesson.steps,
        "movies": lesson.steps * lesson.movies,
        "tokens": round(own.tokens(lesson) * lesson.movies * lesson.steps),
        "losses": [round(loss, 4) for loss in losses],
    }
    if before is not None:
        earlier = json.loads((before / LOSSES).read_text(encoding="utf-8"))
        told = {key: earlier[key] + value for key, value in told.items()}
    told["parameters"] = sum(weight.numel() for weight in model.parameters())
    write_whole(folder / LOSSES, (json.dumps(told) + "\n").encode())
