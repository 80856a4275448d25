"""How different two pictures look: the distance of LPIPS (arXiv 1801.03924), or its formula over another model.

    judge = open_perceptual("facebook/dinov2-small", None)
    judge.neighbours(pictures)               # the distance of each picture to the next one

`lpips:alex`, `lpips:vgg` and `lpips:squeeze` are the package lpips, with the weights it learned from people's
judgements; only they are called LPIPS. Any other model gives its layers to the same formula with every channel
weighing the same: features of each place scaled to length 1, squared differences summed over channels, averaged over
places, then over layers. That is 0 for equal pictures and 4 at most; it was fitted to nobody's judgement, and its name
says the model.
"""

import importlib.metadata
from collections.abc import Sequence
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from moviellm.generation.pictures.scorers import BATCH, LoadedModel, load_model

NETS: Final = ("alex", "vgg", "squeeze")
PREFIX: Final = "lpips:"
PLAIN: Final = (
    "distance of a keyframe and the next one by the formula of LPIPS with equal weights, over the layers of the model "
    "that the name says: 0 for equal pictures, 4 at most"
)
LPIPS: Final = "LPIPS distance of a keyframe and the next one, by the package lpips with its learned weights"


class Judge(Protocol):
    """Tells how different pictures look."""

    measure: str
    """What its numbers are called."""
    model_id: str
    revision: str
    definition: str

    def neighbours(self, pictures: Sequence[Image.Image]) -> npt.NDArray[np.float32]:
        """The distance of each picture to the next one: one number fewer than there are pictures."""
        ...


def open_perceptual(model: str, revision: str | None, *, device: str | None = None) -> Judge:
    """Load what compares neighbouring pictures.

    Raises:
        ValueError: there is no such model, or the package lpips is not installed.
    """
    if model.startswith(PREFIX):
        return LearnedJudge(model.removeprefix(PREFIX), device)
    return LayerJudge(load_model(model, revision, device=device))


class LayerJudge:
    """The formula of LPIPS over the layers of a vision model."""

    measure = "perceptual_next"
    definition = PLAIN

    def __init__(self, loaded: LoadedModel) -> None:
        self.model_id = loaded.model_id
        self.revision = loaded.revision
        self._loaded = loaded
        self._tower = getattr(loaded.model, "vision_model", loaded.model)

    def neighbours(self, pictures: Sequence[Image.Image]) -> npt.NDArray[np.float32]:
        """The distance of each picture to the next one."""
        steps = range(0, len(pictures) - 1, BATCH - 1)
        found = [self._batch(pictures[at : at + BATCH]) for at in steps]
        return np.concatenate(found) if found else np.zeros(0, np.float32)

    def _batch(self, pictures: Sequence[Image.Image]) -> npt.NDArray[np.float32]:
        import torch

        loaded = self._loaded
        pixels = loaded.processor(list(pictures), return_tensors="pt")["pixel_values"].to(loaded.device)
        with torch.inference_mode():
            layers = self._tower(pixel_values=pixels, output_hidden_states=True).hidden_states[1:]
            apart = [_squared(self._places(layer, pixels.shape)) for layer in layers]
            distances: npt.NDArray[np.float32] = torch.stack(apart).mean(0).float().cpu().numpy()
        return distances

    def _places(self, layer: Any, pixels: tuple[int, ...]) -> Any:
        """A layer as (pictures, places, channels), without tokens that stand for no place."""
        if layer.dim() == 4:
            return layer.flatten(2).transpose(1, 2)
        patch = self._tower.config.patch_size
        places = (pixels[-2] // patch) * (pixels[-1] // patch)
        return layer[:, -places:]


def _squared(places: Any) -> Any:
    """Per neighbouring pair: squared difference of unit vectors, averaged over places."""
    import torch

    unit = torch.nn.functional.normalize(places.float(), dim=-1)
    return ((unit[1:] - unit[:-1]) ** 2).sum(-1).mean(-1)


class LearnedJudge:
    """The package lpips."""

    definition = LPIPS

    def __init__(self, net: str, device: str | None = None) -> None:
        if net not in NETS:
            raise ValueError(f"no {PREFIX}{net}; there are {', '.join(PREFIX + name for name in NETS)}")
        try:
            import lpips
            import torch
        except ImportError as error:
            raise ValueError(f"{PREFIX}{net} needs the package lpips ({error}): pip install lpips") from None
        self.measure = f"lpips_{net}"
        self.model_id = "lpips"
        self.revision = importlib.metadata.version("lpips")
        self._device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        self._model = lpips.LPIPS(net=net, verbose=False).to(self._device).eval()

    def neighbours(self, pictures: Sequence[Image.Image]) -> npt.NDArray[np.float32]:
        """The distance of each picture to the next one, at the size of the first."""
        import torch

        found = []
        for one, other in zip(pictures, pictures[1:], strict=False):
            same = other if other.size == one.size else other.resize(one.size, Image.Resampling.BICUBIC)
            with torch.inference_mode():
                found.append(float(self._model(self._pixels(one), self._pixels(same))))
        return np.array(found, np.float32)

    def _pixels(self, picture: Image.Image) -> Any:
        import torch

        values = torch.from_numpy(np.asarray(picture.convert("RGB"), np.float32).copy())
        return (values.permute(2, 0, 1)[None] / 127.5 - 1.0).to(self._device)
