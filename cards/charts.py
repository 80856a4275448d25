"""Small charts as SVG text: bars by name, columns by number, a line. Pure text, no library, same counts same bytes.

    bars("Shots", {"wide": 12, "close": 4}, unit="keyframes")
    columns("Words in a question", {5: 3, 9: 1}, unit="questions")
    line("Loss", [(1, 3.2), (2, 2.8)], unit="steps")

Colours have enough contrast on white and on near-black, because an image on a page cannot know the page's theme.
A chart says its numbers in words too (`describe`), for those who do not see it. It measures nothing.
"""

from collections.abc import Mapping, Sequence
from html import escape

WIDTH_PX = 480
INK = "#7b8088"
BAR = "#d9822b"
FAINT = "#7b808833"
FONT = "font-family='system-ui,-apple-system,Segoe UI,Helvetica,Arial,sans-serif'"
BARS_MAX = 12
"""Rows of a bar chart; the rest is summed up in one row."""
COLUMNS_MAX = 24
"""Columns of a histogram; more distinct values are put in bins of equal width."""


def describe(title: str, counts: Mapping[str, int]) -> str:
    """The chart in words: `Shots: wide 12, close 4`."""
    return f"{title}: " + ", ".join(f"{label} {count:,}" for label, count in counts.items())


def bars(title: str, counts: Mapping[str, int], *, unit: str) -> str:
    """Horizontal bars in the given order, with count and share."""
    rows = _fold(counts)
    total = sum(counts.values()) or 1
    longest = max(counts.values(), default=0) or 1
    label_px = min(205, 14 + 7.6 * max((len(label) for label, _ in rows), default=0))
    room_px = WIDTH_PX - label_px - 108
    parts = []
    for i, (label, count) in enumerate(rows):
        y = 44 + i * 24
        width = max(1.0, room_px * count / longest) if count else 0.0
        parts += [
            _text(label_px - 8, y + 13, label if len(label) <= 26 else label[:25] + "…", anchor="end"),
            f"<rect x='{label_px}' y='{y}' width='{room_px}' height='16' rx='2' fill='{FAINT}'/>",
            f"<rect x='{label_px}' y='{y}' width='{width:.1f}' height='16' rx='2' fill='{BAR}'/>",
            _text(WIDTH_PX - 8, y + 13, f"{count:,} · {count / total:.0%}", anchor="end"),
        ]
    return _svg(title, unit, 52 + 24 * len(rows), parts, describe(title, dict(rows)))


def columns(title: str, counts: Mapping[int, int] | Mapping[float, int], *, unit: str) -> str:
    """A histogram of a number: a column for every value, or for bins of equal width."""
    bins = histogram(counts)
    tallest = max((count for *_, count in bins), default=0) or 1
    step = (WIDTH_PX - 16) / max(len(bins), 1)
    every = -(-len(bins) // 8)
    parts = [f"<rect x='8' y='166' width='{WIDTH_PX - 16}' height='1' fill='{INK}'/>"]
    for i, (low, _, count) in enumerate(bins):
        height = 100 * count / tallest
        x = 8 + i * step
        parts.append(f"<rect x='{x + step * 0.08:.1f}' y='{166 - height:.1f}' width='{step * 0.84:.1f}' ")
        parts[-1] += f"height='{height:.1f}' rx='2' fill='{BAR}'/>"
        if len(bins) <= 12 and count:
            parts.append(_text(x + step / 2, 160 - height, f"{count:,}", anchor="middle"))
        if i % every == 0:
            parts.append(_text(x + step / 2, 184, _number(low), anchor="middle"))
    words = {_number(low) if low == high else f"{_number(low)} to {_number(high)}": n for low, high, n in bins}
    return _svg(title, unit, 194, parts, describe(title, words))


LINE_POINTS = 240
"""Points of a line; more are averaged in runs of equal length."""


def line(title: str, points: Sequence[tuple[float, float]], *, unit: str, marks: Sequence[float] = ()) -> str:
    """A number over another: (x, y) in rising x, y from zero, or from the lowest where that is below it.

    Args:
        unit: Of x.
        marks: Values of x at which a thin upright line stands.
    """
    thin = _thinned(points)
    left, right = thin[0][0], thin[-1][0]
    low, high = min(0.0, *(y for _, y in thin)), max(y for _, y in thin)
    across, up = (right - left) or 1.0, (high - low) or 1.0

    def place(x: float, y: float) -> str:
        return f"{48 + (WIDTH_PX - 64) * (x - left) / across:.1f},{166 - 120 * (y - low) / up:.1f}"

    path = " ".join(place(x, y) for x, y in thin)
    parts = [
        f"<path d='M48 166H{WIDTH_PX - 16}' stroke='{INK}'/>",
        *(f"<path d='M{place(x, high)}L{place(x, low)}' stroke='{FAINT}' stroke-width='2'/>" for x in marks),
        f"<polyline points='{path}' fill='none' stroke='{BAR}' stroke-width='2' stroke-linejoin='round'/>",
        *(_text(42, y, _rounded(value), anchor="end") for y, value in ((170, low), (50, high))),
        *(_text(x, 184, _number(value), anchor="middle") for x, value in ((48, left), (WIDTH_PX - 24, right))),
    ]
    words = (
        f"{title}: from {_rounded(points[0][1])} at {_number(left)} to {_rounded(points[-1][1])} at {_number(right)}"
    )
    return _svg(title, unit, 194, parts, words)


def _thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """As many points as a line shows; the ends stay what they are."""
    run = -(-len(points) // LINE_POINTS)
    groups = [points[at : at + run] for at in range(0, len(points), run)]
    means = [(sum(x for x, _ in group) / len(group), sum(y for _, y in group) / len(group)) for group in groups]
    return [points[0], *means[1:-1], points[-1]] if len(points) > 1 else [*points]


def _rounded(value: float) -> str:
    return f"{value:.3g}"


def histogram(counts: Mapping[int, int] | Mapping[float, int]) -> list[tuple[float, float, int]]:
    """(lowest value, highest value, count) of every column; counts add up to those given."""
    values = sorted(counts.items())
    if not values:
        return []
    low, high = values[0][0], values[-1][0]
    if all(float(value).is_integer() for value, _ in values) and high - low < COLUMNS_MAX:
        known: dict[float, int] = dict(values)
        return [(value, value, known.get(value, 0)) for value in range(int(low), int(high) + 1)]
    if len(values) <= COLUMNS_MAX // 2:
        return [(value, value, count) for value, count in values]
    width = (high - low) / COLUMNS_MAX
    sums = [0] * COLUMNS_MAX
    for value, count in values:
        sums[min(int((value - low) / width), COLUMNS_MAX - 1)] += count
    return [(low + i * width, low + (i + 1) * width, count) for i, count in enumerate(sums)]


def _fold(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    rows = list(counts.items())
    if len(rows) <= BARS_MAX:
        return rows
    rest = rows[BARS_MAX - 1 :]
    return [*rows[: BARS_MAX - 1], (f"{len(rest):,} others", sum(count for _, count in rest))]


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def _text(x: float, y: float, text: str, *, anchor: str = "start", size: int = 12, weight: int = 400) -> str:
    safe = escape(text, quote=False)
    return (
        f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}' font-size='{size}' font-weight='{weight}'>{safe}</text>"
    )


def _svg(title: str, unit: str, height_px: int, parts: Sequence[str], words: str) -> str:
    head = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH_PX} {height_px}' "
        f"width='{WIDTH_PX}' height='{height_px}' role='img' {FONT} fill='{INK}'>",
        f"<title>{escape(words, quote=False)}</title>",
        _text(8, 22, title, size=15, weight=600),
        _text(WIDTH_PX - 8, 22, unit, anchor="end"),
    ]
    return "\n".join([*head, *parts, "</svg>"]) + "\n"
