"""Our model in lmms-eval: checkpoints of ours, LoRA adapters on them, and stock models, by path or Hub id.

    lmms-eval --model moviellm --model_args pretrained=runs/stage3,n=64 --tasks videomme
    lmms-eval --model moviellm --model_args pretrained=runs/stage3,n=64 --tasks hellaswag --force_simple

`MovieLLMChat` is taken unless `--force_simple` is given; `MovieLLM` also answers tasks that weigh options by their
likelihood. This file is imported by lmms-eval, and needs it.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from lmms_eval.api.instance import GenerationResult
from lmms_eval.api.model import lmms
from loguru import logger

from moviellm.eval.lmms_eval.answering import Answering, Wanted, together
from moviellm.eval.lmms_eval.messages import turns_of
from moviellm.eval.lmms_eval.visuals import named, source_of
from moviellm.training.media import FramePolicy

NEW_TOKENS = 256
"""Longest answer where a task names none."""


class Weighed(tuple[float, bool]):
    """Minus a log-likelihood, and whether the answer is the greedy one.

    lmms-eval 0.7.3 makes text of a plain pair, and could not read one back from its cache either: there this pair
    looks like an empty answer, which is not kept.
    """

    __slots__ = ()

    def strip(self) -> str:
        """Nothing that a cache keeps."""
        return ""


class MovieLLM(lmms):
    """Takes a text and what is shown; lmms-eval's simple kind."""

    is_simple = True

    def __init__(
        self,
        pretrained: str,
        revision: str | None = None,
        device: str | None = None,
        dtype: str | None = None,
        n: int | None = None,
        fps: float | None = None,
        cap: int | None = None,
        pixels: int | None = None,
        max_new_tokens: int = NEW_TOKENS,
        kept: str | None = None,
        errors: str = "stop",
        batch_size: int | str = 1,
        max_batch_size: int | None = None,
        **policy: Any,
    ) -> None:
        """Load a checkpoint.

        Args:
            pretrained: Folder of a checkpoint, or its id on the Hub.
            revision: Commit, branch or tag on the Hub.
            device: `cpu`, `cuda`, ...; None takes the accelerator where there is one.
            dtype: `float32`, `bfloat16` or `float16`; None: as it was saved.
            n: Frames of a film, evenly spread.
            fps: Frames a second; without `n` and `fps`, one a second of a film, and all pictures.
            cap: Most frames.
            pixels: Most pixels of a frame; larger ones are made smaller.
            max_new_tokens: Longest answer where a task names none.
            kept: Folder in which answers are kept as they are found; None keeps none.
            errors: `stop` at a film that cannot be read or does not fit; `empty` answers with nothing and goes on.
            batch_size: Taken and not used: questions on one film are answered together.
            max_batch_size: Taken and not used.
            **policy: Where a film begins and ends: `start_s`, `end_s`.

        Raises:
            ValueError: there is no such model, or an argument is wrong.
        """
        super().__init__()
        from moviellm.training.ask.opening import open_model

        if errors not in {"stop", "empty"}:
            raise ValueError(f"errors is {errors!r}: it can be stop or empty")
        fields = FramePolicy.__dataclass_fields__
        unknown = sorted(set(policy) - set(fields))
        if unknown:
            raise ValueError(f"--model_args holds {', '.join(unknown)}; frames are chosen by {', '.join(fields)}")
        self._join(device)
        answerer = open_model(pretrained, revision, self._device or device, dtype)
        frames = FramePolicy(n=n, fps=fps, cap=cap, pixels=pixels, **policy)
        self._answering = Answering(answerer, frames, kept=kept, stop=errors == "stop")
        self._longest = int(max_new_tokens)

    def _join(self, device: str | None) -> None:
        """Take a place among the processes of `accelerate launch`, where there are several."""
        from accelerate import Accelerator

        self._device: Any = None
        self.accelerator = Accelerator(cpu=device == "cpu")
        if self.accelerator.num_processes > 1:
            self._device = str(self.accelerator.device)
            self._rank = self.accelerator.process_index
            self._world_size = self.accelerator.num_processes

    @property
    def device(self) -> Any:
        """Where results of several processes are gathered."""
        return self.accelerator.device

    def generate_until(self, requests: Sequence[Any]) -> list[str]:
        """Answers in the order of the requests."""
        return self._said(requests)

    def generate_until_multi_round(self, requests: Sequence[Any]) -> list[Any]:
        """Answers of every round, as the task makes one round's question of the rounds before."""
        return [self._rounds(*request.args) for request in requests]

    def loglikelihood(self, requests: Sequence[Any]) -> list[Any]:
        """Minus the log-likelihood of each answer, of which lmms-eval takes the least, and whether it is greedy."""
        return [GenerationResult(text=Weighed(self._loss(*request.args))) for request in requests]

    def clean(self) -> None:
        """Let go of the weights: lmms-eval calls this when all is answered."""
        failed = self._answering.failed
        if failed:
            logger.warning(f"{len(failed)} films were not answered (errors=empty), the first: {failed[0]}")
        self._answering.close()
        super().clean()

    def _said(self, requests: Sequence[Any]) -> list[str]:
        order = together(list(self._shown(requests)))
        asked = (self._wanted(*requests[place].args) for place in order)
        said = dict(zip(order, self._answering.answer(asked, len(order)), strict=True))
        return [said[place] for place in range(len(order))]

    def _shown(self, requests: Sequence[Any]) -> Iterator[tuple[Any, ...] | None]:
        """What each request shows, where its task shows films by name; pictures are not looked at twice."""
        by_name: dict[str, bool] = {}
        for request in requests:
            if by_name.get(request.task_name, True):
                source = source_of(self._wanted(*request.args).visuals)
                by_name[request.task_name] = named(source)
            yield source.key if by_name[request.task_name] and source is not None else None

    def _wanted(
        self, text: str, settings: dict[str, Any], to_visual: Any, doc_id: Any, task: str, split: str
    ) -> Wanted:
        return self._of_settings(to_visual(self._doc(task, split, doc_id)), (text,), settings)

    def _doc(self, task: str, split: str, doc_id: Any) -> Any:
        return self.task_dict[task][split][doc_id]

    def _of_settings(self, visuals: Any, turns: tuple[str, ...], settings: dict[str, Any] | None) -> Wanted:
        told = settings or {}
        if told.get("do_sample") or (told.get("temperature") or 0) > 0 or (told.get("num_beams") or 1) > 1:
            logger.opt(lazy=True).warning("a task samples or searches; this model's answers are greedy")
        until = told.get("until") or []
        stops = (until,) if isinstance(until, str) else tuple(until)
        longest = int(told.get("max_new_tokens") or told.get("max_gen_toks") or self._longest)
        return Wanted(visuals=visuals, turns=turns, max_new_tokens=longest, until=stops)

    def _rounds(
        self, text: str, settings: dict[str, Any], to_visual: Any, to_text: Any, doc_id: Any, task: str, split: str
    ) -> list[str]:
        doc = self._doc(task, split, doc_id)
        visuals, over, said, known = to_visual(doc), False, list[str](), None
        while not over:
            said = [*said, *self._answering.answer([self._of_settings(visuals, (text,), settings)])]
            visuals, text, over, said, known = to_text(
                doc, previous_output=said, round_idx=len(said), previous_round_info=known
            )
            said = list(said)
        return said

    def _loss(self, text: str, target: Any, to_visual: Any = None, *where: Any) -> tuple[float, bool]:
        doc = self._doc(where[1], where[2], where[0]) if where else None
        answer = target if isinstance(target, str) else str(target(doc))
        visuals = None if to_visual is None else to_visual(doc)
        return self._answering.loss(self._of_settings(visuals, (text,), None), answer)


class MovieLLMChat(MovieLLM):
    """Takes messages; lmms-eval's chat kind."""

    is_simple = False

    def loglikelihood(self, requests: Sequence[Any]) -> list[Any]:
        """Chat tasks have no likelihoods."""
        raise NotImplementedError("tasks that weigh options by likelihood are asked with --force_simple")

    def _wanted(self, text: str, to_messages: Any, settings: Any, doc_id: Any, task: str, split: str) -> Wanted:  # type: ignore[override]
        return self._of_messages(to_messages(self._doc(task, split, doc_id)), settings)

    def _of_messages(self, messages: Any, settings: Any) -> Wanted:
        visuals, turns = turns_of(messages)
        return self._of_settings(visuals, turns, settings)

    def _rounds(self, text: str, to_messages: Any, settings: Any, doc_id: Any, task: str, split: str) -> list[str]:  # type: ignore[override]
        doc = self._doc(task, split, doc_id)
        messages, over, said, known = to_messages(doc), False, list[str](), None
        while not over:
            said = [*said, *self._answering.answer([self._of_messages(messages, settings)])]
            messages, over, said, known = to_messages(
                doc, round_idx=len(said), previous_output=said, previous_round_info=known
            )
            said = list(said)
        return said
