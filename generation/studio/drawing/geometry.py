"""Outlines: lists of points in frame units, y down. Paths, splines, limbs, shadow bands, bounds.

    outline = spline(sample("M 0 0 C 10 0 20 10 20 20 Z"))
    path_text(outline)

Everything is plain points, so that boxes, contacts and shadow sides are known exactly. It draws nothing.
"""

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache

Point = tuple[float, float]
Points = list[Point]


def turn(point: Point, degrees: float) -> Point:
    """The point turned about the origin; positive is clockwise on screen."""
    sin, cos = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
    return point[0] * cos - point[1] * sin, point[0] * sin + point[1] * cos


def between(a: Point, b: Point, share: float) -> Point:
    """`share` of the way from a to b."""
    return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share


@lru_cache(maxsize=2048)
def sample(path: str, per_curve: int = 7) -> tuple[Point, ...]:
    """Points along an absolute `M L C Q Z` path; a second subpath is not allowed."""
    tokens = "".join(f" {ch} " if ch in "MLCQZ" else ch for ch in path.replace(",", " ")).split()
    points: Points = []
    command, i = "M", 0
    while i < len(tokens):
        if tokens[i] in "MLCQZ":
            command, i = tokens[i], i + 1
            continue
        count = {"M": 2, "L": 2, "C": 6, "Q": 4}[command]
        values = [float(token) for token in tokens[i : i + count]]
        i += count
        corners = [(values[k], values[k + 1]) for k in range(0, count, 2)]
        if command in "ML":
            points.append(corners[0])
        else:
            start = points[-1]
            points += [_bezier([start, *corners], k / per_curve) for k in range(1, per_curve + 1)]
    if len(points) > 1 and math.dist(points[0], points[-1]) < 1e-6:
        points.pop()
    return tuple(points)


def _bezier(corners: Points, t: float) -> Point:
    while len(corners) > 1:
        corners = [between(a, b, t) for a, b in zip(corners, corners[1:], strict=False)]
    return corners[0]


@lru_cache(maxsize=16)
def _weights(steps: int) -> tuple[tuple[float, float, float, float], ...]:
    rows = []
    for k in range(steps):
        t = k / steps
        rows.append(
            (
                0.5 * (-t + 2 * t * t - t**3),
                0.5 * (2 - 5 * t * t + 3 * t**3),
                0.5 * (t + 4 * t * t - 3 * t**3),
                0.5 * (t**3 - t * t),
            )
        )
    return tuple(rows)


def spline(points: Sequence[Point], closed: bool = True, steps: int = 4) -> Points:
    """Catmull-Rom curve through the points."""
    count = len(points)
    weights = _weights(steps)
    out: Points = []
    for i in range(count if closed else count - 1):
        if closed:
            p0, p1, p2, p3 = points[i - 1], points[i], points[(i + 1) % count], points[(i + 2) % count]
        else:
            p0, p1, p2, p3 = points[max(i - 1, 0)], points[i], points[i + 1], points[min(i + 2, count - 1)]
        for a, b, c, d in weights:
            out.append((a * p0[0] + b * p1[0] + c * p2[0] + d * p3[0], a * p0[1] + b * p1[1] + c * p2[1] + d * p3[1]))
    if not closed:
        out.append(points[-1])
    return out


def rounded(points: Sequence[Point], radius: float, steps: int = 4) -> Points:
    """A polygon with its corners rounded."""
    out: Points = []
    for i, corner in enumerate(points):
        ends = []
        for other in (points[i - 1], points[(i + 1) % len(points)]):
            length = math.dist(corner, other) or 1.0
            ends.append(between(corner, other, min(radius, length / 2) / length))
        for k in range(steps + 1):
            t = k / steps
            out.append(between(between(ends[0], corner, t), between(corner, ends[1], t), t))
    return out


def box(x: float, y: float, width: float, height: float) -> Points:
    """An upright rectangle."""
    return [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]


def oval(x: float, y: float, rx: float, ry: float, steps: int = 16) -> Points:
    """An ellipse as a polygon."""
    return [(x + rx * math.cos(k * math.tau / steps), y + ry * math.sin(k * math.tau / steps)) for k in range(steps)]


def hull(points: Iterable[Point]) -> Points:
    """Convex hull."""
    ordered = sorted(set(points))

    def half(side: Sequence[Point]) -> Points:
        out: Points = []
        for p in side:
            while len(out) > 1 and (
                (out[-1][0] - out[-2][0]) * (p[1] - out[-2][1]) - (out[-1][1] - out[-2][1]) * (p[0] - out[-2][0]) <= 0
            ):
                out.pop()
            out.append(p)
        return out[:-1]

    return half(ordered) + half(ordered[::-1])


def limb(a: Point, b: Point, c: Point, widths: tuple[float, float, float], steps: int = 3) -> Points:
    """A tapered two-bone limb a-b-c with a soft joint, as one closed outline; widths are half-widths."""
    start, end = between(a, b, 0.62), between(b, c, 0.38)
    bend = [between(between(start, b, k / 4), between(b, end, k / 4), k / 4) for k in range(5)]
    line = [a, between(a, b, 0.3), *bend, between(b, c, 0.7), c]
    last = len(line) - 1
    left: Points = []
    right: Points = []
    for i, p in enumerate(line):
        t = i / last * 2
        half = widths[0] + (widths[1] - widths[0]) * t if t < 1 else widths[1] + (widths[2] - widths[1]) * (t - 1)
        before, after = line[max(i - 1, 0)], line[min(i + 1, last)]
        length = math.dist(before, after) or 1.0
        nx, ny = (before[1] - after[1]) / length * half, (after[0] - before[0]) / length * half
        left.append((p[0] + nx, p[1] + ny))
        right.append((p[0] - nx, p[1] - ny))
    outline = [*left, _cap(c, line[-2], widths[2]), *right[::-1], _cap(a, line[1], widths[0])]
    return spline(outline, True, steps)


def _cap(end: Point, inner: Point, half: float) -> Point:
    length = math.dist(end, inner) or 1.0
    return end[0] + (end[0] - inner[0]) / length * half * 0.7, end[1] + (end[1] - inner[1]) / length * half * 0.7


def area(points: Sequence[Point]) -> float:
    """Signed area; positive is clockwise on screen."""
    return sum(points[i - 1][0] * p[1] - p[0] * points[i - 1][1] for i, p in enumerate(points)) / 2


def crescents(points: Sequence[Point], light: Point, bands: Sequence[tuple[float, float, int]]) -> list[Points | None]:
    """Bands inside a closed outline where it looks away from the light.

    Each band is asked for as (width, threshold, side): `width` where the edge looks straight away, none where minus
    the cosine to the light is under `threshold`; side -1 looks towards the light instead. None where there is none.
    """
    count = len(points)
    lx, ly = light
    nx: list[float] = []
    ny: list[float] = []
    facing: list[float] = []
    before, twice_area = points[-1], 0.0
    for i, here in enumerate(points):
        after = points[i + 1 - count]
        dx, dy = after[0] - before[0], after[1] - before[1]
        length = math.sqrt(dx * dx + dy * dy) or 1.0
        nx.append(dy / length)
        ny.append(-dx / length)
        facing.append((dx * ly - dy * lx) / length)
        twice_area += before[0] * here[1] - here[0] * before[1]
        before = here
    turned = 1 if twice_area > 0 else -1
    away = [(facing[i - 1] + facing[i] + facing[i + 1 - count]) / 3 * turned for i in range(count)]
    out: list[Points | None] = []
    for width, threshold, side in bands:
        start, length_on = _longest_run([value * side > threshold for value in away])
        if length_on < 3:
            out.append(None)
            continue
        outer, inner = [], []
        for k in range(length_on):
            i = (start + k) % count
            x, y = points[i]
            inward = width * min(1.0, (away[i] * side - threshold) * 1.6) * turned
            outer.append((x, y))
            inner.append((x - nx[i] * inward, y - ny[i] * inward))
        out.append(outer + inner[::-1])
    return out


def _longest_run(flags: list[bool]) -> tuple[int, int]:
    """Start and length of the longest stretch of true on a ring; length 0 when all or none are true."""
    count = len(flags)
    best, best_length = 0, 0
    for start in range(count):
        if flags[start] and not flags[start - 1]:
            length = 1
            while flags[(start + length) % count]:
                length += 1
            if length > best_length:
                best, best_length = start, length
    return best, best_length


def path_text(points: Sequence[Point], closed: bool = True) -> str:
    """SVG path data, one decimal."""
    return "M" + "L".join(["%.1f %.1f" % p for p in points]) + ("Z" if closed else "")  # noqa: UP031 (twice as fast)


def bounds(points: Iterable[Point]) -> tuple[float, float, float, float]:
    """Left, top, right, bottom."""
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)
