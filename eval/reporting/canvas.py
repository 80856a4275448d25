"""A plot while it is drawn: shapes and texts of named colours, as SVG that reads in light and dark.

    canvas = Canvas(width=420)
    canvas.text(8, 20, "Accuracy", size=14, weight=600)
    canvas.mark(0, 100, 40)
    canvas.plot("overview", "Scores by task", "what it shows, in words").file()

Colours stand as attributes, so that programs without style sheets show the light ones; a style sheet changes them
where the reader's screen is dark. Texts stay texts. Series differ by shape, too, not by colour alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal
from xml.sax.saxutils import escape, quoteattr

from moviellm.eval.reporting.showing_text import visible

FONT: Final = "Inter, 'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', sans-serif"
COLOURS: Final = {
    "paper": ("#ffffff", "#16181c"),
    "ink": ("#1b1e23", "#e9ebee"),
    "soft": ("#59616b", "#a5adb7"),
    "rule": ("#e2e5e9", "#30353c"),
    "control": ("#6f7782", "#969fab"),
    "gold": ("#946200", "#f0b93a"),
    "s0": ("#0b62a4", "#6cb6f5"),
    "s1": ("#bf4a06", "#ff9c5b"),
    "s2": ("#0a7658", "#4bd0a3"),
    "s3": ("#8a3d8f", "#dd9fe4"),
    "s4": ("#7d6300", "#e0c144"),
    "s5": ("#444b55", "#c3cad3"),
}
"""Name -> on white, on near-black."""
SERIES: Final = 6
"""Series with a colour of their own; a seventh has that of the first."""
Shape = Literal["circle", "square", "triangle", "diamond", "down", "cross"]
SHAPES: Final[tuple[Shape, ...]] = ("circle", "square", "triangle", "diamond", "down", "cross")


def series(number: int) -> str:
    """The colour of a run."""
    return f"s{number % SERIES}"


def dark_css() -> str:
    """The style sheet of dark screens."""
    rules = [
        f".plot .f-{name} {{ fill: {dark} }} .plot .l-{name} {{ stroke: {dark} }}"
        for name, (_, dark) in COLOURS.items()
    ]
    return "@media (prefers-color-scheme: dark) {\n" + "\n".join(rules) + "\n}"


@dataclass(frozen=True, kw_only=True)
class Plot:
    """A finished plot."""

    name: str
    """Of its file, without ending."""
    title: str
    words: str
    """What it shows, for those who do not see it."""
    width: int
    height: int
    body: str

    def inline(self) -> str:
        """SVG for a page that has the style sheet."""
        return self._svg("")

    def file(self) -> str:
        """SVG of its own."""
        return self._svg(f"<style>{dark_css()}</style>\n")

    def _svg(self, style: str) -> str:
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="plot" viewBox="0 0 {self.width} {self.height}" '
            f'width="{self.width}" height="{self.height}" role="img" font-family={quoteattr(FONT)} font-size="12">\n'
            f"<title>{_safe(self.title)}</title><desc>{_safe(self.words)}</desc>\n{style}"
            f'<rect width="{self.width}" height="{self.height}" {fill("paper")}/>\n{self.body}\n</svg>\n'
        )


def fill(colour: str) -> str:
    """Attributes of a filled shape."""
    return f'fill="{COLOURS[colour][0]}" class="f-{colour}"'


def stroke(colour: str) -> str:
    """Attributes of a line."""
    return f'stroke="{COLOURS[colour][0]}" class="l-{colour}"'


def _safe(text: str) -> str:
    return escape(visible(text))


def text_px(text: str, size: float = 12) -> float:
    """About how wide a text is."""
    wide = (0.3 if char in "iljftI.,:'| []()" else 0.6 if char.islower() or char.isdigit() else 0.72 for char in text)
    return sum(wide) * size


def clipped(text: str, width_px: float, size: float = 12) -> str:
    """As much of a text as has room."""
    shown = " ".join(visible(text).split())
    if text_px(shown, size) <= width_px:
        return shown
    while shown and text_px(f"{shown}…", size) > width_px:
        shown = shown[:-1]
    return f"{shown}…"


class Canvas:
    """Collects what is drawn."""

    def __init__(self, width: int) -> None:
        self.width = width
        self._parts: list[str] = []

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        colour: str = "ink",
        size: float = 12,
        weight: int = 400,
        anchor: str = "start",
    ) -> None:
        """A text; `y` is its base line, `anchor` start, middle or end."""
        self._parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size:g}" font-weight="{weight}" '
            f"{fill(colour)}>{_safe(text)}</text>"
        )

    def rect(self, x: float, y: float, width: float, height: float, colour: str, *, opacity: float = 1.0) -> None:
        """A filled box."""
        self._parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{height:.1f}" {fill(colour)}'
            + (f' fill-opacity="{opacity:g}"/>' if opacity < 1 else "/>")
        )

    def line(
        self, x1: float, y1: float, x2: float, y2: float, colour: str, *, width: float = 1.0, dash: str | None = None
    ) -> None:
        """A straight line."""
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        self._parts.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke-width="{width:g}"{dashes} '
            f"{stroke(colour)}/>"
        )

    def whisker(self, low: float, high: float, y: float, colour: str) -> None:
        """An interval along x, with ends."""
        self.line(low, y, high, y, colour, width=1.5)
        for x in (low, high):
            self.line(x, y - 3, x, y + 3, colour, width=1.5)

    def path(self, points: Sequence[tuple[float, float]], colour: str, *, dash: str | None = None) -> None:
        """A line through points."""
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        told = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        joined = f'fill="none" stroke-width="2" stroke-linejoin="round"{dashes} {stroke(colour)}'
        self._parts.append(f'<polyline points="{told}" {joined}/>')

    def area(self, points: Sequence[tuple[float, float]], colour: str) -> None:
        """A pale shape: an interval along a line."""
        told = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self._parts.append(f'<polygon points="{told}" fill-opacity="0.16" {fill(colour)}/>')

    def mark(self, shape: Shape, x: float, y: float, colour: str, *, hollow: bool = False, size: float = 4.2) -> None:
        """A small shape at a place."""
        paint = f'fill="none" stroke-width="1.6" {stroke(colour)}' if hollow else fill(colour)
        if shape == "circle":
            self._parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size:g}" {paint}/>')
            return
        corners = {
            "square": ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
            "triangle": ((0, -1.15), (1.1, 0.85), (-1.1, 0.85)),
            "diamond": ((0, -1.25), (1.25, 0), (0, 1.25), (-1.25, 0)),
            "down": ((0, 1.15), (1.1, -0.85), (-1.1, -0.85)),
            "cross": ((-1, -0.4), (-0.4, -1), (0, -0.6), (0.4, -1), (1, -0.4), (0.6, 0), (1, 0.4), (0.4, 1), (0, 0.6),
                      (-0.4, 1), (-1, 0.4), (-0.6, 0)),
        }[shape]  # fmt: skip
        told = " ".join(f"{x + size * dx:.1f},{y + size * dy:.1f}" for dx, dy in corners)
        self._parts.append(f'<polygon points="{told}" {paint}/>')

    def plot(self, name: str, title: str, words: str, height: float) -> Plot:
        """What was drawn."""
        return Plot(
            name=name, title=title, words=words, width=self.width, height=round(height), body="\n".join(self._parts)
        )
