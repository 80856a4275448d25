"""TRL's SFTTrainer, for movies: exact order, whole checkpoints, true counts, and a stop where a loss is no number.

    trainer = MovieTrainer(bundle, table=table, pace=pace, args=args, train_dataset=numbers, ...)

What differs from SFTTrainer is in here and nothing else is. Samples are chosen by data/mixing.py; a batch says which
samples it holds and how many tokens, so that a fault names its sample and tokens are counted without padding. A
checkpoint is written under another name and renamed when it is whole. What was counted and logged so far is part of
it, so that a resumed training logs the same losses as an unbroken one.
"""

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from peft import get_peft_model_state_dict, set_peft_model_state_dict
from safetensors.torch import load_file, save_file
from trl import SFTTrainer

from moviellm.generation.files import sync_folder
from moviellm.training.checkpoints.folders import save_adapter
from moviellm.training.checkpoints.weights import SHARD, readable
from moviellm.training.data.library import COUNTED, EXTRAS
from moviellm.training.stages.bundles import Bundle
from moviellm.training.stages.pace import Pace
from moviellm.training.stages.resuming import BUILDING, COUNTS_FILE, OWN
from moviellm.training.stages.table import Table


class MovieTrainer(SFTTrainer):
    """A trainer of one stage."""

    def __init__(self, bundle: Bundle, *, table: Table, pace: Pace, **settings: Any) -> None:
        self.bundle, self.pace = bundle, pace
        self.library, self.order = table.library, table.order
        pace.trainer = self
        self.resume_from: Path | None = None
        self.totals = dict.fromkeys((*COUNTED, "samples", "resumed"), 0)
        self.busy_s = 0.0
        self._in_batch: list[int] = []
        self._in_step: tuple[int, list[int]] = (-1, [])
        self._building: str | None = None
        super().__init__(bundle.model, data_collator=table.library, processing_class=bundle.processor, **settings)

    def _send_telemetry(self) -> None:
        """Nobody is told."""

    def create_model_card(self, *_: Any, **__: Any) -> None:
        """The card is written at the end, from what was measured."""

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        return self.order

    def _get_eval_sampler(self, eval_dataset: Any) -> Any:
        return torch.utils.data.SequentialSampler(eval_dataset)

    def _take(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """What the model takes of a batch; the rest is noted."""
        noted = {name: inputs.pop(name) for name in EXTRAS if name in inputs}
        if "samples" in noted:
            self._in_batch = noted["samples"].flatten().tolist()
        return noted

    def training_step(self, model: Any, inputs: dict[str, Any], *rest: Any, **more: Any) -> Any:
        noted = self._take(inputs)
        step, before = self.state.global_step, self._in_step
        self._in_step = (step, [*(before[1] if before[0] == step else ()), *self._in_batch])
        loss = super().training_step(model, inputs, *rest, **more)
        if not bool(torch.isfinite(loss)):
            raise ValueError(self._no_number("The loss", self._in_batch))
        self.library.note_skipped(noted)
        if "counts" in noted:
            self._count(noted)
        return loss

    def _count(self, noted: dict[str, Any]) -> None:
        counts = self.accelerator.gather(noted["counts"].to(self.args.device)).sum(0).tolist()
        samples = self.accelerator.gather(torch.tensor([len(self._in_batch)], device=self.args.device))
        for name, count in zip((*COUNTED, "samples"), (*counts, int(samples.sum())), strict=True):
            self.totals[name] += int(count)

    def compute_loss(self, model: Any, inputs: dict[str, Any], *rest: Any, **more: Any) -> Any:
        before: Any = self._total_train_tokens
        loss = super().compute_loss(model, inputs, *rest, **more)
        # TRL sums the attention mask, which for shared movies is no count of tokens.
        self._total_train_tokens: Any = before
        self._metrics["train" if self.model.training else "eval"]["num_tokens"] = [float(self.totals["tokens"])]
        return loss

    def prediction_step(self, model: Any, inputs: dict[str, Any], *rest: Any, **more: Any) -> Any:
        self._take(inputs)
        return super().prediction_step(model, inputs, *rest, **more)

    def log(self, logs: dict[str, float], *rest: Any, **more: Any) -> None:
        if "loss" in logs:
            logs |= self.pace.rates(self.state)
        super().log(logs, *rest, **more)

    def _get_grad_norm(self, model: Any, grad_norm: Any = None) -> Any:
        """Asked for before every step of the optimiser, whether gradients are clipped or not."""
        norm = super()._get_grad_norm(model, grad_norm=grad_norm)
        # In float16 a scaler skips a step that overflows, and scales less.
        if norm is not None and not self.args.fp16 and not bool(torch.isfinite(torch.as_tensor(norm))):
            raise ValueError(self._no_number("The gradient", self._in_step[1]))
        return norm

    def _no_number(self, what: str, numbers: Sequence[int]) -> str:
        names = dict.fromkeys(self.library.samples[number].name for number in numbers)
        return (
            f"{what} is no number (NaN or infinite) after step {self.state.global_step}, with "
            f"{', '.join(names)}. Nothing was learned from it. Lower `learning_rate`, look at that sample, or train "
            "in float32 (`bf16: false`); checkpoints before it are whole"
        )

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        folder = Path(output_dir or self.args.output_dir)
        if self.bundle.base is None:
            self._save_model(folder, state_dict)
        else:
            save_adapter(self.model, folder, self.bundle.base, self.bundle.processor, self.bundle.below)

    def _save_model(self, folder: Path, state_dict: Any) -> None:
        """A whole model in files of the size that the Hub likes, for everybody to read."""
        if not self.args.should_save and not self.is_distributed_loading_by_transformers:
            return
        model = self.accelerator.unwrap_model(self.model, keep_torch_compile=False)
        model.save_pretrained(
            folder, state_dict=state_dict, is_main_process=self.args.should_save, max_shard_size=SHARD
        )
        if self.args.should_save:
            self.bundle.processor.save_pretrained(folder)
            readable(folder)

    def _save_own(self, folder: Path) -> None:
        """The adapter as it learns; what opens on the base may have that of the stage before in it."""
        save_file(adapter_weights(self.model), folder / OWN, metadata={"format": "pt"})

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        own = Path(resume_from_checkpoint) / OWN
        if own.is_file():
            set_peft_model_state_dict(self.model, load_file(own))
        else:
            super()._load_from_checkpoint(resume_from_checkpoint, model)

    def save_whole(self, out: Path) -> None:
        """The trained model, for good."""
        self.save_model(str(out))

    def _get_output_dir(self, trial: Any) -> str:
        return self._building or super()._get_output_dir(trial)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        """Write a checkpoint beside its place, and rename it when every process has written its part."""
        run = Path(self.args.output_dir)
        name = f"checkpoint-{self.state.global_step}"
        building = run / f"{BUILDING}{name}"
        if self.args.should_save:
            shutil.rmtree(building, ignore_errors=True)
        self.accelerator.wait_for_everyone()
        limit, self.args.save_total_limit = self.args.save_total_limit, None
        self._building = str(building)
        try:
            super()._save_checkpoint(model, trial)
        finally:
            self._building = None
            self.args.save_total_limit = limit
        if self.args.should_save:
            self._name_best(run, name, building / name)
            if self.bundle.base is not None:
                self._save_own(building / name)
            (building / name / COUNTS_FILE).write_text(json.dumps(self._so_far()), encoding="utf-8")
        self.accelerator.wait_for_everyone()
        if self.args.should_save:
            _put_in_place(building / name, run / name)
            building.rmdir()
            self._forget_old(run)
        self.accelerator.wait_for_everyone()

    def _name_best(self, run: Path, name: str, folder: Path) -> None:
        """The best checkpoint by the name that it has when this one is in place."""
        best = f"checkpoint-{self.state.best_global_step}"
        if self.state.best_global_step and (best == name or (run / best).is_dir()):
            self.state.best_model_checkpoint = str(run / best)
            self.state.save_to_json(str(folder / "trainer_state.json"))

    def _forget_old(self, run: Path) -> None:
        from transformers.trainer_utils import rotate_checkpoints

        rotate_checkpoints(
            output_dir=str(run),
            save_total_limit=self.args.save_total_limit,
            best_model_checkpoint=self.state.best_model_checkpoint,
            use_mtime=False,
        )

    def _so_far(self) -> dict[str, Any]:
        """What was counted, and what is summed for the next line of the log."""
        return {
            "totals": self.totals,
            "busy_s": self.busy_s,
            "loss_since_log": float(self._tr_loss),
            "loss_before": self._total_loss_scalar,
            "logged_at": self._globalstep_last_logged,
            "metrics": {name: list(values) for name, values in self._metrics["train"].items()},
            "skipped": self.library.writer.reader.skipped,
        }

    def go_on_from(self, folder: Path) -> None:
        """Take up what `_so_far` noted; called when training begins again."""
        path = folder / COUNTS_FILE
        if not path.is_file():
            return
        found = json.loads(path.read_text(encoding="utf-8"))
        self.totals.update(found["totals"])
        self.totals["resumed"] += 1
        self.busy_s = found["busy_s"]
        self._tr_loss = torch.tensor(found["loss_since_log"], device=self.args.device)
        self._total_loss_scalar = found["loss_before"]
        self._globalstep_last_logged = found["logged_at"]
        self._metrics["train"].update(found["metrics"])
        self.library.writer.reader.skipped.update(found["skipped"])


def adapter_weights(model: Any) -> dict[str, torch.Tensor]:
    """The weights of an adapter, and of what learns whole beside it."""
    weights = get_peft_model_state_dict(model, save_embedding_layers=False)
    return {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}


def _put_in_place(made: Path, place: Path) -> None:
    """Rename a checkpoint that is whole; its bytes are on the disk first, so that a power cut leaves none half."""
    for path in made.rglob("*"):
        if path.is_file():
            with open(path, "rb") as file:
                os.fsync(file.fileno())
    if place.exists():
        shutil.rmtree(place)
    os.rename(made, place)
    sync_folder(place.parent)
