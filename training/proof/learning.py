"""The stages of one seed: the tower, the baseline on clips, whole movies after it, and the control.

    tower = see(footage, settings, seed, out)            # tower, and the features of all keyframes
    baseline(...), longer(...)                           # checkpoints of our own model class, a folder each

The control goes on from the same baseline for as many steps as the stage of whole movies, on clips alone, so many of
them a step that both read as many tokens. What a stage draws depends on its seed and step and on nothing else.
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
from moviellm.training.model.layout import FRAME
from moviellm.training.model.modeling import MovieLLMForConditionalGeneration
from moviellm.training.proof.aligning import align, named
from moviellm.training.proof.encoding import Seen, choose, example_of
from moviellm.training.proof.footage import Footage
from moviellm.training.proof.model import Sizes, build
from moviellm.training.proof.settings import ProofSettings, StageSettings
from moviellm.training.proof.stepping import Plan, train
from moviellm.training.proof.tower import Tower, accuracies, features_of, learn
from moviellm.training.proof.words import Words
from moviellm.training.remix.asking import questions
from moviellm.training.remix.composing import Remix
from moviellm.training.shared.collating import SharedMovies
from moviellm.training.shared.decoders import share_movies

CLIP_SCENES = (1, 2)
"""Scenes of a clip, fewest and most."""
WEIGHED = 200
"""Examples by which the tokens of a stage are estimated."""
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

    def batches(self, name: str, stage: StageSettings, lead_in: int) -> Batches:
        """What makes the batch of a step."""
        collate = SharedMovies(pad_id=0, lead_in=lead_in, frame_token_id=self.words.numbers[FRAME])

        def batch(step: int) -> dict[str, torch.Tensor]:
            draw = random.Random(f"{self.seed}-{name}-{step}")
            return collate([self.example(stage, step, draw) for _ in range(stage.movies)])

        return batch

    def example(self, stage: StageSettings, step: int, draw: random.Random) -> dict[str, Any]:
        """A remix with questions, or a clip."""
        line = self.remix.draw(draw, scenes_at(stage, step, draw))
        weights = stage.focus_weights if step < stage.focus * stage.steps else stage.weights
        asked = choose(questions(line, draw), stage.questions, weights, draw)
        return example_of(line, asked, self.words, self.seen)

    def tokens(self, stage: StageSettings) -> float:
        """Tokens that a movie of a stage has with its questions, on average over the stage."""
        draw = random.Random(f"{self.seed}-tokens")
        total = 0
        for number in range(WEIGHED):
            example = self.example(stage, number * stage.steps // WEIGHED, draw)
            total += len(example["movie_ids"]) + sum(len(turn.ids) for turn in example["turns"])
        return total / WEIGHED


def scenes_at(stage: StageSettings, step: int, draw: random.Random) -> int:
    """Scenes of a movie of this step: clips now and then, and movies that grow from the fewest to the most."""
    if draw.random() < stage.clips:
        return draw.randint(*CLIP_SCENES)
    fewest, most = stage.scenes
    grown = 1.0 if not stage.growing else min(1.0, step / (stage.growing * stage.steps))
    top = fewest + round(grown * (most - fewest))
    return draw.randint(fewest, most) if not stage.growing else draw.randint(max(fewest, top - 1), top)


def control_of(settings: ProofSettings, own: Class) -> StageSettings:
    """The stage of whole movies with clips in their place, so many that a step reads as many tokens."""
    clips = settings.longer.model_copy(
        update={"scenes": CLIP_SCENES, "growing": 0.0, "clips": 0.0, "questions": settings.baseline.questions}
    )
    movies = round(settings.longer.movies * own.tokens(settings.longer) / own.tokens(clips))
    return clips.model_copy(update={"movies": max(movies, 1)})


def fresh(own: Class, sizes: Sizes, steps: int) -> Any:
    """A model with new weights, its frames aligned with its words in so many steps."""
    model = build(own.words, own.seen.features.shape[-1], sizes, own.seed)
    if steps:
        align(model, own.seen, named(own.remix.scenes), own.words, steps=steps, seed=own.seed)
    return model


def teach(own: Class, stage: StageSettings, name: str, start: Path | Any, folder: Path) -> None:
    """One stage of the decoder, from a model or from a checkpoint; leaves a checkpoint with its losses."""
    model: Any = start
    if isinstance(start, Path):
        model = MovieLLMForConditionalGeneration.from_pretrained(start, dtype=torch.float32)
    batches = own.batches(name, stage, share_movies(model))
    plan = Plan(
        steps=stage.steps, muon=stage.muon, adam=stage.adam, shape=stage.shape, average=stage.average
    )  # fmt: skip
    with progress(name, total=stage.steps, unit="steps") as advance:
        losses = train(model, batches, plan, told=lambda *_: advance(1))
    model.save_pretrained(folder)
    own.words.tokenizer().save_pretrained(folder)
    told = {
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "tokens_a_step": round(own.tokens(stage) * stage.movies, 1),
        "movies_a_step": stage.movies,
        "losses": [round(loss, 4) for loss in losses],
    }
    write_whole(folder / "losses.json", (json.dumps(told) + "\n").encode())
