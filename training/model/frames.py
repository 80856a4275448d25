"""Our video processor: pictures of any form become what a tower sees. It needs Pillow and NumPy, no torchvision.

    frames = MovieLLMVideoProcessor(size_px=224, fit="pad")
    frames([picture, b"...jpeg...", array])["pixel_values"]       # (3, 3, 224, 224), float32

It takes lists of PIL pictures, encoded bytes, the `{"bytes": ..., "path": ...}` of `datasets`, NumPy arrays and torch
tensors, also a whole film as one array (F, h, w, 3) or (F, 3, h, w). Films in files and folders are read by
moviellm.training.media. It chooses no frames and leaves none out: a picture that cannot be read is an error with its
number.
"""

import io
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from transformers import BaseImageProcessor, BatchFeature

FITS = ("pad", "crop", "stretch")
CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)


class MovieLLMVideoProcessor(BaseImageProcessor):
    """Resizes and normalises frames."""

    model_input_names = ["pixel_values"]

    def __init__(
        self,
        size_px: int = 224,
        fit: str = "pad",
        image_mean: Iterable[float] = CLIP_MEAN,
        image_std: Iterable[float] = CLIP_STD,
        **kwargs: Any,
    ) -> None:
        """Side of the square that the tower sees; how frames that are no squares fit; the tower's mean and deviation.

        `pad`: the whole frame, borders in the mean colour. `crop`: the middle, as CLIP saw pictures; a film of 16:9
        loses 44 %. `stretch`: the whole frame, out of shape, as SigLIP saw pictures.
        """
        kwargs.pop("image_processor_type", None)
        super().__init__(**kwargs)
        if fit not in FITS:
            raise ValueError(f"`fit` is {fit!r}: it can be {', '.join(f'`{one}`' for one in FITS)}.")
        self.size_px = size_px
        self.fit = fit
        self.image_mean = list(image_mean)
        self.image_std = list(image_std)

    def __call__(self, images: Any, return_tensors: str | None = "pt", **kwargs: Any) -> BatchFeature:
        """Pictures -> `pixel_values` (F, 3, size, size)."""
        return BatchFeature({"pixel_values": self.prepare(images)}, tensor_type=return_tensors)

    def prepare(self, frames: Any, name: str = "") -> torch.Tensor:
        """Pictures -> (F, 3, size, size) float32; `name` is said in errors."""
        frames = [frames] if isinstance(frames, (Image.Image, bytes, Mapping)) else frames
        pixels = np.empty((len(frames), self.size_px, self.size_px, 3), dtype=np.float32)
        for number, frame in enumerate(frames):
            picture = as_picture(frame, f"Frame {number}{f' of {name}' if name else ''}")
            pixels[number] = np.asarray(self._fitted(picture))
        seen = torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous() / 255.0
        mean, std = (torch.tensor(one).view(3, 1, 1) for one in (self.image_mean, self.image_std))
        return (seen - mean) / std

    def _fitted(self, picture: Image.Image) -> Image.Image:
        side = self.size_px
        if picture.size == (side, side):
            return picture
        width, height = picture.size
        if self.fit == "stretch":
            return picture.resize((side, side), Image.Resampling.BICUBIC)
        scale = side / (max(width, height) if self.fit == "pad" else min(width, height))
        size = max(int(width * scale), 1), max(int(height * scale), 1)
        resized = picture.resize(size, Image.Resampling.BICUBIC)
        colour = tuple(round(255 * mean) for mean in self.image_mean)
        square = Image.new("RGB", (side, side), colour)
        square.paste(resized, (-((size[0] - side) // 2), -((size[1] - side) // 2)))
        return square


def as_picture(frame: Any, name: str) -> Image.Image:
    """A picture of any form as RGB; a ValueError that begins with its name where it is none."""
    if isinstance(frame, Mapping):
        frame = frame.get("bytes")
    if frame is None:
        raise ValueError(f"{name} is missing: leave it out together with its time, or give the picture.")
    if isinstance(frame, (bytes, bytearray, memoryview)):
        try:
            frame = Image.open(io.BytesIO(frame))
            frame.load()
        except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            raise ValueError(f"{name} cannot be decoded: {error}.") from error
    if isinstance(frame, Image.Image):
        return frame.convert("RGB")
    if isinstance(frame, (np.ndarray, torch.Tensor)):
        return _from_array(np.asarray(frame.cpu() if isinstance(frame, torch.Tensor) else frame), name)
    raise ValueError(f"{name} is a {type(frame).__name__}: it can be a PIL picture, encoded bytes or an array.")


def _from_array(array: np.ndarray, name: str) -> Image.Image:
    if array.ndim == 3 and array.shape[0] in {1, 3} and array.shape[2] not in {1, 3}:
        array = array.transpose(1, 2, 0)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    if array.ndim not in {2, 3} or (array.ndim == 3 and array.shape[2] != 3) or not array.size:
        raise ValueError(f"{name} has the shape {array.shape}: it can be (h, w, 3), (3, h, w) or (h, w).")
    if array.dtype.kind == "f":
        if not np.isfinite(array).all() or array.min() < 0 or array.max() > 1:
            raise ValueError(f"{name} has floats outside 0 to 1: give bytes of 0 to 255, or floats of 0 to 1.")
        array = np.round(array * 255)
    elif array.min() < 0 or array.max() > 255:
        raise ValueError(f"{name} has values outside 0 to 255.")
    return Image.fromarray(array.astype(np.uint8)).convert("RGB")
