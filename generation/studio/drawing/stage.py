"""What a place offers to people and props: where one can stand and what things lie on."""

from dataclasses import dataclass

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
    light: Point = (-0.8, -0.6)
    """Direction that the key light comes from."""
