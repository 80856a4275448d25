"""What a stage did, written beside its model: training.json, from which the card is rendered; and the push.

    telling = Telling(recipe, args, bundle, sources, learns)
    telling.begin(); ...; telling.write(trainer, out); telling.push(out, "org/name", "v1.0.0")

Everything in it was counted by the trainer. It trains nothing and types no number.
"""

from collections import Counter
from pathlib import Path
from typing import Any

from moviellm.training.checkpoints import record
from moviellm.training.data.sources import Opened
from moviellm.training.stages.bundles import Bundle
from moviellm.training.stages.evaluations import lines_of
from moviellm.training.stages.learning import counted
from moviellm.training.stages.recipe import Recipe


class Telling:
    """The record of a stage."""

    def __init__(
        self, recipe: Recipe, args: Any, bundle: Bundle, sources: list[Opened], learns: tuple[str, ...]
    ) -> None:
        self.recipe, self.args, self.bundle, self.sources, self.learns = recipe, args, bundle, sources, learns
        self._began = record.now()

    def begin(self) -> None:
        """The first step begins."""
        self._began = record.now()

    def write(self, trainer: Any, out: Path) -> None:
        """training.json, and the card."""
        from moviellm.training.checkpoints.card import write_card

        before = self._before()
        stages = (*(before.stages if before else ()), self._stage(trainer, out))
        base = before.base if before else self._base()
        record.write_record(out, record.TrainingRecord(base=base, stages=stages))
        write_card(out)

    def push(self, out: Path, repo_id: str, tag: str | None) -> None:
        """Push the model with its card, under a tag."""
        from moviellm.training.checkpoints.pushing import push

        push(out, repo_id, version=tag)

    def _before(self) -> record.TrainingRecord | None:
        """What was done to the checkpoint that the stage went on from."""
        parent = self.bundle.parent
        if parent is None or not (parent / record.RECORD).is_file():
            return None
        return record.read_record(parent)

    def _base(self) -> record.Base:
        from moviellm.training.checkpoints.bases import base_of
        from moviellm.training.checkpoints.terms import stated_licence

        block = self.recipe.build
        if block is None:
            found = self.bundle.base or base_of(str(self.recipe.model), self.recipe.model_revision)
            told: record.Base = found.told()
            return told
        parts = [
            record.Base(model_id=_name(place), revision=revision, licence=stated_licence(place, revision))
            for place, revision in ((block.vision, block.vision_revision), (block.text, block.text_revision))
            if isinstance(place, str)
        ]
        return record.Base(model_id=f"{self.recipe.name} (built here)", from_scratch=not parts, parts=tuple(parts))

    def _stage(self, trainer: Any, out: Path) -> record.Stage:
        from moviellm.training.checkpoints.weights import content_hash

        parent = self.bundle.parent
        total, learning = counted(trainer.model)
        done = trainer.totals
        return record.Stage(
            name=self.recipe.name or "stage",
            recipe=self.recipe.text,
            trains=self.learns,
            parent=None if self.recipe.model is None else _name(self.recipe.model),
            parent_sha256=None if parent is None else content_hash(parent),
            lora=None if self.recipe.lora is None else self.recipe.lora.told(),
            sources=self._sources(trainer),
            seed=self.args.seed,
            began_at=self._began,
            wall_s=round(trainer.busy_s, 1),
            processes=self.args.world_size,
            device=_device(self.args),
            dtype="bfloat16" if self.args.bf16 else "float16" if self.args.fp16 else "float32",
            resumed=done["resumed"],
            steps=trainer.state.global_step,
            epochs=trainer.state.epoch,
            examples=done["samples"],
            answers=done["answers"],
            tokens=done["tokens"],
            labelled_tokens=done["labelled"],
            frames=done["frames"],
            skipped_frames=sum(trainer.library.writer.reader.skipped.values()),
            parameters=total,
            trained_parameters=learning,
            losses=_losses(trainer.state.log_history),
            evaluations=tuple(_evaluations(out)),
            versions=record.versions(),
        )

    def _sources(self, trainer: Any) -> tuple[record.Source, ...]:
        """The data, with how often they were shown."""
        shown: Counter[str] = Counter()
        answers: Counter[str] = Counter()
        left, epoch = trainer.totals["samples"], 0
        while left > 0:
            order = trainer.order.of_epoch(epoch)[:left]
            for number in order:
                sample = trainer.library.samples[number]
                shown[sample.source] += 1
                answers[sample.source] += sample.answers
            left, epoch = left - len(order), epoch + 1
        return tuple(
            record.Source(
                dataset=one.dataset,
                revision=one.revision,
                config=one.block.config or f"{one.block.view}{' of remixes' if one.block.remix else ''}",
                split=one.block.split,
                weight=one.block.share if one.replay else one.block.weight,
                replay=one.replay,
                movies=len({unit.movie_id for unit in one.units if unit.movie_id}) or None,
                examples=shown[one.name],
                answers=answers[one.name],
                licence=one.licence,
            )
            for one in self.sources
        )


def _name(place: str) -> str:
    """A Hub id; of a folder its name, as paths of a machine tell nobody anything."""
    return Path(place).resolve().name if Path(place).is_dir() else place


def _device(args: Any) -> str:
    import torch

    return torch.cuda.get_device_name(args.device) if args.device.type == "cuda" else str(args.device.type)


def _losses(history: list[dict[str, Any]]) -> tuple[record.Loss, ...]:
    return tuple(
        record.Loss(
            step=entry["step"],
            loss=entry["loss"],
            learning_rate=record.finite(entry.get("learning_rate")),
            grad_norm=record.finite(entry.get("grad_norm")),
        )
        for entry in history
        if record.finite(entry.get("loss")) is not None
    )


def _evaluations(out: Path) -> list[record.Evaluation]:
    return [
        record.Evaluation(step=line["step"], results=line["results"])
        for line in lines_of(out)
        if line["kind"] == "tasks" and "results" in line
    ]
