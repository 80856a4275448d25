"""Models of the CLIP kind in this process: how well a picture fits a text, and how alike two pictures are.

    scorer = open_scorer("openai/clip-vit-large-patch14", "32bd64288804d66eefd0ccbe215aa642df71cc41")
    scorer.model_id, scorer.revision                    # the revision is a commit, of a folder a hash of its contents
    await scorer.text_image([("a sailor at the rail", jpeg)])     # [0.271]: cosines, -1 to 1
    await scorer.image_image([(jpeg, other)])                     # [0.83]

Any `transformers` model with `get_image_features` and `get_text_features` (CLIP, SigLIP, ...) does both; one that
only sees (DINOv2, ...) compares pictures. Features are kept by the hash of what they are of. Every call of the model
has the same shape, so that a score does not depend on what else was asked at the time. It needs no torchvision.

It chooses nothing and stores nothing: the painter that chooses among candidates keeps the score in its cell, the
measures of a dataset are in eval/. Both must not use the same model.
"""

import asyncio
import hashlib
import io
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from moviellm.generation.files import file_sha256
from moviellm.generation.schema import canonical_json

Vector = npt.NDArray[np.float32]
"""The features of one picture or text, of length 1."""
BATCH: Final = 8
"""Pictures or texts a call of the model, always: what is missing is filled up, so that the numbers stay the same."""
KEPT: Final = 8192
"""Features kept in memory."""
INSTALL: Final = "pip install 'moviellm[diffusion]'"


@dataclass(frozen=True, kw_only=True)
class LoadedModel:
    """A model with what prepares its inputs, on its device, in float32."""

    model_id: str
    """Hub id, or the name of its folder."""
    revision: str
    """Commit of the Hub, or hash of the folder's contents."""
    model: Any
    processor: Any
    """Makes pixels of PIL images, with PIL."""
    tokenizer: Any
    """None for a model that only sees."""
    device: str


def load_model(model_id: str, revision: str | None = None, *, device: str | None = None) -> LoadedModel:
    """Load a model that sees, from the Hub or a folder. Weights are safetensors, and no code comes with them.

    Raises:
        ValueError: there is none, it has no safetensors, or torch and transformers are not installed.
    """
    try:
        import torch
        from transformers import AutoConfig, AutoImageProcessor, AutoModel, AutoTokenizer
    except ImportError as error:
        raise ValueError(f"models that look at pictures need torch and transformers ({error}): {INSTALL}") from None
    folder = Path(model_id)
    if folder.is_dir() and revision is not None:
        raise ValueError(f"{model_id} is a folder and has no revision {revision!r}; leave it out")
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        config = AutoConfig.from_pretrained(model_id, revision=revision or "main")
        commit = folder_revision(folder) if folder.is_dir() else config._commit_hash
        pinned = {} if folder.is_dir() else {"revision": commit}
        with _silent():
            model = AutoModel.from_pretrained(model_id, use_safetensors=True, dtype=torch.float32, **pinned)
        processor = AutoImageProcessor.from_pretrained(model_id, backend="pil", **pinned)
        reads = hasattr(model, "get_text_features")
        tokenizer = AutoTokenizer.from_pretrained(model_id, **pinned) if reads else None
    except (OSError, KeyError, ValueError) as error:
        reason = " ".join(str(error).split())[:300]
        raise ValueError(
            f"cannot load the model {model_id}{f' at {revision}' if revision else ''}: {reason}; give the Hub id or "
            f"the folder of a transformers model that sees, with safetensors"
        ) from error
    return LoadedModel(
        model_id=folder.resolve().name if folder.is_dir() else model_id,
        revision=commit,
        model=model.to(device).eval(),
        processor=processor,
        tokenizer=tokenizer,
        device=device,
    )


@contextmanager
def _silent() -> Iterator[None]:
    """Without the bar of transformers, which says nothing that a verb's own progress does not."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def folder_revision(folder: Path) -> str:
    """What stands for a commit where a model lies in a folder: the hash of its files, hidden ones left out."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    names = [(path.relative_to(folder), path) for path in paths]
    files = [(name.as_posix(), file_sha256(path)) for name, path in names if not str(name).startswith(".")]
    return hashlib.sha256(canonical_json(files).encode()).hexdigest()


def open_scorer(model_id: str, revision: str | None = None, *, device: str | None = None) -> "Scorer":
    """Load a scorer.

    Args:
        model_id: Hub id, or folder of a saved model.
        revision: Commit, branch or tag on the Hub; None takes the newest, and `Scorer.revision` says which that was.
        device: `cpu`, `cuda`, ...; None takes the accelerator where there is one.

    Raises:
        ValueError: see `load_model`.
    """
    return Scorer(load_model(model_id, revision, device=device))


class Scorer:
    """Compares pictures with texts and with each other; see the module."""

    def __init__(self, loaded: LoadedModel) -> None:
        self.loaded = loaded
        self.model_id = loaded.model_id
        self.revision = loaded.revision
        self._kept: OrderedDict[str, Vector] = OrderedDict()
        self._thread = ThreadPoolExecutor(
            max_workers=1, thread_name_prefix="scorer"
        )  # one call of the model at a time

    @property
    def name(self) -> str:
        """`model_id@revision`: what a `Score` is measured by."""
        return f"{self.model_id}@{self.revision}"

    async def text_image(self, pairs: Sequence[tuple[str, bytes]]) -> list[float]:
        """Cosine of every text with its encoded picture.

        Raises:
            ValueError: the model reads no text, or a picture cannot be decoded.
        """
        texts = await self.text_features([text for text, _ in pairs])
        return cosines(texts, await self.image_features([image for _, image in pairs]))

    async def image_image(self, pairs: Sequence[tuple[bytes, bytes]]) -> list[float]:
        """Cosine of every pair of encoded pictures.

        Raises:
            ValueError: a picture cannot be decoded.
        """
        both = await self.image_features([image for pair in pairs for image in pair])
        return cosines(both[0::2], both[1::2])

    async def image_features(self, images: Sequence[bytes]) -> list[Vector]:
        """Features of encoded pictures."""
        keys = ["image " + hashlib.sha256(image).hexdigest() for image in images]
        return await self._features(keys, images, lambda some: self._see([decoded(image) for image in some]))

    async def text_features(self, texts: Sequence[str]) -> list[Vector]:
        """Features of texts; what is longer than the model reads is cut: see `is_cut`."""
        return await self._features([f"text {text}" for text in texts], texts, self._read)

    def is_cut(self, text: str) -> bool:
        """Whether a text is longer than the model reads."""
        tokenizer = self._reader()
        return len(tokenizer(text, truncation=False, verbose=False)["input_ids"]) > self._longest()

    def see(self, pictures: Sequence[Image.Image]) -> npt.NDArray[np.float32]:
        """Features of decoded pictures, one a row, at once: it blocks, and keeps nothing."""
        return np.concatenate([self._see(pictures[at : at + BATCH]) for at in range(0, len(pictures), BATCH)])

    def read(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Features of texts, one a row, at once: it blocks, and keeps nothing."""
        return np.concatenate([self._read(texts[at : at + BATCH]) for at in range(0, len(texts), BATCH)])

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _features(
        self, keys: list[str], items: Sequence[Any], make: Callable[[list[Any]], npt.NDArray[np.float32]]
    ) -> list[Vector]:
        found = {key: self._kept[key] for key in keys if key in self._kept}
        missing = {key: item for key, item in zip(keys, items, strict=True) if key not in found}
        names = list(missing)
        for at in range(0, len(names), BATCH):
            some = names[at : at + BATCH]
            made = await asyncio.get_running_loop().run_in_executor(self._thread, make, [missing[k] for k in some])
            found |= dict(zip(some, made, strict=True))
        for key in found:
            self._kept[key] = found[key]
            self._kept.move_to_end(key)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return [found[key] for key in keys]

    def _see(self, pictures: Sequence[Image.Image]) -> npt.NDArray[np.float32]:
        """At most `BATCH` pictures."""
        import torch

        loaded = self.loaded
        pixels = loaded.processor(list(_filled(pictures)), return_tensors="pt")["pixel_values"].to(loaded.device)
        with torch.inference_mode():
            if hasattr(loaded.model, "get_image_features"):
                output = loaded.model.get_image_features(pixel_values=pixels)
            else:
                output = loaded.model(pixel_values=pixels)
        return _unit(output)[: len(pictures)]

    def _read(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """At most `BATCH` texts."""
        import torch

        inputs = self._reader()(
            list(_filled(texts)),
            padding="max_length",
            max_length=self._longest(),
            truncation=True,
            return_tensors="pt",
        )
        with torch.inference_mode():
            output = self.loaded.model.get_text_features(**inputs.to(self.loaded.device))
        return _unit(output)[: len(texts)]

    def _reader(self) -> Any:
        if self.loaded.tokenizer is None:
            raise ValueError(
                f"{self.model_id} sees and does not read; a text is compared by a model of the CLIP or SigLIP kind"
            )
        return self.loaded.tokenizer

    def _longest(self) -> int:
        """Tokens that the model reads."""
        config = self.loaded.model.config
        return int(getattr(config, "text_config", config).max_position_embeddings)


def decoded(image: bytes) -> Image.Image:
    """An encoded picture as RGB.

    Raises:
        ValueError: it is no picture.
    """
    try:
        with Image.open(io.BytesIO(image)) as picture:
            return picture.convert("RGB")
    except (OSError, SyntaxError) as error:
        raise ValueError(f"a picture of {len(image)} bytes cannot be decoded ({error})") from None


def cosines(one: Sequence[Vector], other: Sequence[Vector]) -> list[float]:
    """Cosine of every pair of features."""
    return [float(np.clip(np.dot(a.astype(np.float64), b), -1.0, 1.0)) for a, b in zip(one, other, strict=True)]


def _filled(items: Sequence[Any]) -> list[Any]:
    return [*items, *[items[-1]] * (BATCH - len(items))]


def _unit(output: Any) -> npt.NDArray[np.float32]:
    """The pooled features of a model's output, one a row, each of length 1."""
    pooled = getattr(output, "pooler_output", output)
    if pooled is None:
        pooled = output.last_hidden_state[:, 0]
    rows = pooled.flatten(1).float().cpu().numpy()
    scaled: npt.NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return scaled
