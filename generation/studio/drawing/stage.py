"""What a place offers to people and props: where one can stand and what things lie on."""

from dataclasses import dataclass, replace

from moviellm.generation.studio.drawing.geometry import Point


@dataclass(frozen=True)
class Stage:
    """Standing room and surfaces of a backdrop, in frame units."""

    floor: tuple[float, float] = (238.0, 268.0)
    """Feet of the farthest and of the nearest person."""
    left: float = 70.0
    right: float = 442.0
    spots: tuple[Point, ...] = ()
    """Points on tables and ledges where things can stand."""
    seat: str = "chair"
    """What one sits on: chair, bench, crate, rock."""
    scale: float = 1.0
    """Size of people."""
    indoor: bool = False
    front: str = ""
    """Foreground: bough, bush, plant or nothing."""
    surface: str = "wood"
    """Colour key of the surface that an insert lies on."""
    texture: str = "boards"
    """What that surface is made of: boards, stone, sand, grass, tiles, straw or cloth."""
    focus: float = 256.0
    """Where across the frame that stands which says most what place this is."""
    light: Point = (-0.8, -0.6)
    """Direction that the key light comes from."""

    def seen_through(
        self, window: tuple[float, float, float, float], view: tuple[float, float, float, float]
    ) -> "Stage":
        """The same stage in a picture that shows only a window of the view, x, y, width, height as shares."""
        x0, y0, zoom = view[0] + window[0] * view[2], view[1] + window[1] * view[3], 1 / window[2]
        if window == (0.0, 0.0, 1.0, 1.0):
            return self

        def seen(x: float, y: float) -> Point:
            return view[0] + (x - x0) * zoom, view[1] + (y - y0) * zoom

        return replace(
            self,
            floor=(seen(0, self.floor[0])[1], seen(0, self.floor[1])[1]),
            left=max(view[0] + 46.0, seen(self.left, 0)[0]),
            right=min(view[0] + view[2] - 46.0, seen(self.right, 0)[0]),
            spots=tuple(
                spot for spot in (seen(*spot) for spot in self.spots) if 12 < spot[0] - view[0] < view[2] - 12
            ),
            scale=self.scale * zoom,
            focus=seen(self.focus, 0)[0],
        )
