"""A decoded frame becomes a small upright picture: square pixels, one field, ordinary colours, JPEG.

    pictures = Pictures(max_side_px=512, quality=88, pixel_shape=film.pixel_shape)
    rgb = pictures.rgb(frame)                # uint8 (height, width, 3), even sizes
    data = pictures.jpeg(rgb)

Films are turned as their rotation says, stretched to square pixels, and never enlarged. Of an interlaced frame the
first field is taken, so that nothing is combed. HDR (PQ and HLG, BT.2020) becomes BT.709 with the reference white of
203 cd/m2 as white: what is brighter is clipped, there is no tone mapping.
"""

import io
from fractions import Fraction

import numpy as np
import numpy.typing as npt
from av.filter import Graph
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, Colorspace, ColorTrc, Interpolation, VideoReformatter
from PIL import Image

Rgb = npt.NDArray[np.uint8]

HDR = (ColorTrc.SMPTE2084, ColorTrc.ARIB_STD_B67)
UNSPECIFIED = 2
"""Colour space of a frame that names none."""
HD_HEIGHT_PX = 577
"""From this height on, a film that names no colour space has that of HDTV, below it that of DVDs."""


class Pictures:
    """Makes pictures of the frames of one film."""

    def __init__(self, max_side_px: int, quality: int, pixel_shape: float = 1.0) -> None:
        """Args:
        max_side_px: Longest side of a picture; smaller films keep their size.
        quality: JPEG quality, 1 to 95.
        pixel_shape: Width of a pixel over its height.
        """
        self._max_side_px, self._quality, self._pixel_shape = max_side_px, quality, pixel_shape
        self._reformat = VideoReformatter()
        self._fields: tuple[object, Graph] | None = None

    def rgb(self, frame: VideoFrame) -> Rgb:
        """The picture of a frame, upright."""
        turns = round(frame.rotation / 90) % 4
        width_px, height_px = self.size(frame)
        hdr = frame.color_trc in HDR
        if frame.interlaced_frame:
            frame = self._first_field(frame)
        made = self._reformat.reformat(
            frame,
            width=width_px,
            height=height_px,
            format="rgb24",
            src_colorspace=self._colour_space(frame),
            dst_colorspace=Colorspace.ITU709,
            interpolation=Interpolation.AREA,
            dst_color_trc=ColorTrc.IEC61966_2_1 if hdr else None,
            dst_color_primaries=ColorPrimaries.BT709 if hdr else None,
            threads=1,
        )
        return np.ascontiguousarray(np.rot90(made.to_ndarray(), turns))

    def size(self, frame: VideoFrame) -> tuple[int, int]:
        """Width and height of the picture of a frame before it is turned: square pixels, even, not enlarged."""
        width, height = frame.width * max(self._pixel_shape, 1.0), frame.height / min(self._pixel_shape, 1.0)
        scale = min(1.0, self._max_side_px / max(width, height))
        return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)

    def _colour_space(self, frame: VideoFrame) -> int | None:
        if frame.colorspace != UNSPECIFIED:
            return None
        return int(Colorspace.ITU709 if frame.height >= HD_HEIGHT_PX else Colorspace.ITU601)

    def _first_field(self, frame: VideoFrame) -> VideoFrame:
        """Every other line of an interlaced frame."""
        kind = (frame.width, frame.height, frame.format.name)
        if self._fields is None or self._fields[0] != kind:
            self._fields = (kind, _field_graph(*kind))
        graph = self._fields[1]
        graph.push(frame)
        field = graph.pull()
        assert isinstance(field, VideoFrame)
        return field

    def jpeg(self, rgb: Rgb) -> bytes:
        """The picture as JPEG."""
        made = io.BytesIO()
        Image.fromarray(rgb).save(made, format="JPEG", quality=self._quality)
        return made.getvalue()


def _field_graph(width_px: int, height_px: int, pixel_format: str) -> Graph:
    graph = Graph()
    source = graph.add_buffer(
        width=width_px, height=height_px, format=VideoFormat(pixel_format), time_base=Fraction(1, 1000)
    )
    graph.link_nodes(source, graph.add("field", "type=top"), graph.add("buffersink")).configure()
    return graph
