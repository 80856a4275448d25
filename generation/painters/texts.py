"""The text side of a diffusion pipeline: phrases become embeddings, once.

    reader = Reader(pipeline, guidance=5.0)
    text = reader.fit(["ink on paper", "wide shot of a pier"], negative=None)
    text.windows, text.left_out            # ('ink on paper, wide shot of a pier',), ()
    reader.encode(text)                    # {'prompt_embeds': (1, 77, 2048), ...}, what the pipeline's call takes

Pipelines with CLIP encoders alone read 77 tokens. A longer prompt is read in up to three windows that break between
phrases, and the embeddings are laid side by side; the pooled one is of the first window, where the most important is.
What does not fit in is said in `left_out`. Language models and T5 read everything at once. Every text is encoded
alone and kept: neither what is painted beside it nor the order changes a bit of it.

Pipelines that are not in `WAYS` are given the prompt as text. Used by one thread at a time.
"""

import inspect
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Final

WINDOWS_MAX: Final = 3
"""Windows of CLIP: three hold about 150 words."""
KEPT: Final = 512
"""Encoded texts kept; one of SDXL takes 0.6 MB in bfloat16 with its negative."""


@dataclass(frozen=True, kw_only=True)
class Way:
    """How a pipeline class turns a prompt into embeddings."""

    outputs: tuple[str | None, ...]
    """The call's arguments that the results of `encode_prompt` are, in order; None for one that the call makes."""
    windows: bool = False
    """Whether all its text encoders are CLIP's."""
    negative_apart: bool = False
    """Whether the negative prompt takes a call of its own."""


_GUIDED: Final = ("prompt_embeds", "negative_prompt_embeds")
_POOLED: Final = (*_GUIDED, "pooled_prompt_embeds", "negative_pooled_prompt_embeds")
WAYS: Final = {
    "StableDiffusionPipeline": Way(outputs=_GUIDED, windows=True),
    "StableDiffusionXLPipeline": Way(outputs=_POOLED, windows=True),
    "StableDiffusion3Pipeline": Way(outputs=_POOLED),
    "FluxPipeline": Way(outputs=("prompt_embeds", "pooled_prompt_embeds", None)),
    "Flux2Pipeline": Way(outputs=("prompt_embeds", None)),
    "Flux2KleinPipeline": Way(outputs=("prompt_embeds", None), negative_apart=True),
}


@dataclass(frozen=True, kw_only=True)
class Text:
    """What is read for one picture."""

    windows: tuple[str, ...]
    """The prompt; more than one text where it is longer than CLIP reads at once."""
    negative: str | None
    style: str | None = None
    """Name of the learned style whose token the prompt says: the same words mean another look under another one."""
    left_out: tuple[str, ...] = field(default=(), compare=False)
    """Phrases that no window had room for."""


class Reader:
    """Reads texts for one pipeline."""

    def __init__(self, pipeline: Any, guidance: float) -> None:
        self._pipeline = pipeline
        self._way = WAYS.get(type(pipeline).__name__)
        self._guided = guidance > 1.0
        self._kept: OrderedDict[tuple[str, str | None, str | None], dict[str, Any]] = OrderedDict()
        for name in ("tokenizer", "tokenizer_2"):
            # Long prompts are counted here and read in windows; the library would warn of each.
            warned = getattr(getattr(pipeline, name, None), "deprecation_warnings", {})
            warned["sequence-length-is-longer-than-the-specified-maximum"] = True
        self.encoded = 0
        """Texts that were encoded; the others were there."""

    @property
    def embeds(self) -> bool:
        """Whether this pipeline is given embeddings, and so can learn a style's token."""
        return self._way is not None

    def fit(
        self,
        phrases: Sequence[str],
        negative: str | None,
        style: str | None = None,
        token: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> Text:
        """Lay phrases into windows, in their order; inside `token()` the tokenizers know the style's token."""
        if self._way is None or not self._way.windows:
            return Text(windows=(", ".join(phrases),), negative=negative, style=style)
        windows: list[str] = []
        left_out: list[str] = []
        with token():
            for phrase in phrases:
                joined = f"{windows[-1]}, {phrase}" if windows else phrase
                if windows and self._fits(joined):
                    windows[-1] = joined
                elif len(windows) < WINDOWS_MAX:
                    start, rest = self._head(phrase)
                    windows.append(start)
                    left_out += [rest] if rest else []
                else:
                    left_out.append(phrase)
        return Text(windows=tuple(windows), negative=negative, style=style, left_out=tuple(left_out))

    def _fits(self, text: str) -> bool:
        tokenizer = self._pipeline.tokenizer or self._pipeline.tokenizer_2
        if hasattr(self._pipeline, "maybe_convert_prompt"):  # a learned token stands for all its vectors
            text = self._pipeline.maybe_convert_prompt(text, tokenizer)
        return len(tokenizer.tokenize(text)) + 2 <= int(tokenizer.model_max_length)  # and where it begins and ends

    def _head(self, phrase: str) -> tuple[str, str]:
        """A phrase that is longer than a window, cut at a word; and what is cut off."""
        words = phrase.split()
        count = len(words)
        while count > 1 and not self._fits(" ".join(words[:count])):
            count -= 1
        return (phrase, "") if count == len(words) else (" ".join(words[:count]), " ".join(words[count:]))

    def encode(
        self, text: Text, token: Callable[[], AbstractContextManager[None]] = nullcontext
    ) -> dict[str, Any] | None:
        """The arguments that say this text to the pipeline's call, batch of one; None where it wants the words."""
        if self._way is None:
            return None
        parts = [
            self._one(window, (text.negative if at == 0 or text.negative is None else ""), text.style, token)
            for at, window in enumerate(text.windows)
        ]
        if len(parts) == 1:
            return parts[0]
        import torch

        pooled = {name: value for name, value in parts[0].items() if "pooled" in name}
        side_by_side = {
            name: torch.cat([part[name] for part in parts], dim=1) for name in parts[0] if name not in pooled
        }
        return pooled | side_by_side

    def _one(
        self,
        window: str,
        negative: str | None,
        style: str | None,
        token: Callable[[], AbstractContextManager[None]],
    ) -> dict[str, Any]:
        key = (window, negative, style)
        if key not in self._kept:
            with token():
                self._kept[key] = self._encode(window, negative)
            self.encoded += 1
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]

    def _encode(self, window: str, negative: str | None) -> dict[str, Any]:
        import torch

        assert self._way is not None
        takes = inspect.signature(self._pipeline.encode_prompt).parameters
        options: dict[str, Any] = {"device": self._pipeline._execution_device, "num_images_per_prompt": 1}
        if "do_classifier_free_guidance" in takes:
            options |= {"do_classifier_free_guidance": self._guided, "negative_prompt": negative}
        if "prompt_2" in takes:
            options["prompt_2"] = None
        if "prompt_3" in takes:
            options["prompt_3"] = None
        with torch.no_grad():
            results = self._pipeline.encode_prompt(prompt=window, **options)
            named = dict(zip(self._way.outputs, results, strict=True))
            if self._way.negative_apart and self._guided:
                results = self._pipeline.encode_prompt(prompt=negative or "", **options)
                named |= {
                    f"negative_{name}": value
                    for name, value in zip(self._way.outputs, results, strict=True)
                    if name is not None
                }
        return {name: value for name, value in named.items() if name is not None and value is not None}
