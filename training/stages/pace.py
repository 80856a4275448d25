"""What a training says while it runs: the loss, tokens and answers a second, and the time left.

    step 30/200  loss 2.312  lr 1.0e-04  18,204 tokens/s  161 answers/s  left 0:42

One line for each entry of the log, on standard error, and the same numbers in the log itself, so that TensorBoard and
trackio draw them. Time in evaluations and checkpoints does not count.
"""

import time
from typing import Any

from transformers import TrainerCallback

from moviellm.generation.output import note


class Pace(TrainerCallback):
    """Counts and prints."""

    def __init__(self) -> None:
        self.trainer: Any = None
        self._step_began = 0.0
        self._since = {"tokens": 0, "answers": 0, "busy_s": 0.0, "steps": 0}

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self.trainer.resume_from is not None:
            self.trainer.go_on_from(self.trainer.resume_from)
        self.begin(state)

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.trainer.order.set_epoch(int(state.epoch or 0))

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._step_began = time.monotonic()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.trainer.busy_s += time.monotonic() - self._step_began

    def rates(self, state: Any) -> dict[str, float]:
        """Since they were last asked for."""
        now = {
            "tokens": self.trainer.totals["tokens"],
            "answers": self.trainer.totals["answers"],
            "busy_s": self.trainer.busy_s,
            "steps": state.global_step,
        }
        spent = max(now["busy_s"] - self._since["busy_s"], 1e-9)
        steps = max(now["steps"] - self._since["steps"], 1)
        rates = {
            "tokens_per_second": round((now["tokens"] - self._since["tokens"]) / spent, 1),
            "answers_per_second": round((now["answers"] - self._since["answers"]) / spent, 2),
            "eta_s": round((state.max_steps - state.global_step) * spent / steps, 1),
        }
        self._since = now
        return rates

    def begin(self, state: Any) -> None:
        """Count from here, after a resumption."""
        self._since = {
            "tokens": self.trainer.totals["tokens"],
            "answers": self.trainer.totals["answers"],
            "busy_s": self.trainer.busy_s,
            "steps": state.global_step,
        }

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        if not state.is_world_process_zero or not logs:
            return
        if "loss" in logs:
            left = divmod(round(float(logs.get("eta_s", 0))), 60)
            note(
                f"step {state.global_step}/{state.max_steps}  loss {float(logs['loss']):.4f}  "
                f"lr {float(logs.get('learning_rate', 0)):.1e}  {logs.get('tokens_per_second', 0):,.0f} tokens/s  "
                f"{logs.get('answers_per_second', 0):,.1f} answers/s  left {left[0]}:{left[1]:02d}"
            )
        losses = {key: value for key, value in logs.items() if key.startswith("eval_") and key.endswith("_loss")}
        for key, value in losses.items():
            name = key.removeprefix("eval_").removesuffix("_loss")
            note(f"step {state.global_step}/{state.max_steps}  held-out {name}: loss {float(value):.4f}")
