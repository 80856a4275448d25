"""Timelines for tests: made by hand, and drawn by hypothesis."""

from hypothesis import strategies as st

from moviellm.training.remix.timeline import Deed, Line, Stretch, Timeline

PLACES = ("inn", "street", "garden", "kitchen", "forest", "market")
ACTIONS = ("hugs", "takes", "hides", "waits", "reads", "gives", "opens", "drops")
PEOPLE = {"red": "beanie", "blue": "scarf", "green": "cap", "white": "hat"}


def scene(
    number: int, place: str, deeds: list[tuple[str, str, int]], movie: str = "m0", split: str = "train"
) -> Timeline:
    """A scene: one frame of the place, then each deed for so many frames; a line at its first deed."""
    at, told = 1, []
    for actor, action, frames in deeds:
        told.append(Deed(actor, action, place, at, at + frames - 1, at))
        at += frames
    frames_ids = tuple(f"{movie}-s{number}-k{frame}" for frame in range(at))
    lines = (Line(1, told[0].actor, "here"),) if told else ()
    light = ("day", "night")[number % 2]
    return Timeline(movie, split, frames_ids, (Stretch(place, light, 0, at - 1),), tuple(told), lines, PEOPLE)


@st.composite
def scenes(draw: st.DrawFn) -> list[Timeline]:
    """Scenes of several movies, of one to three deeds each."""
    deed = st.tuples(st.sampled_from(sorted(PEOPLE)), st.sampled_from(ACTIONS), st.integers(1, 3))
    count = draw(st.integers(4, 14))
    return [
        scene(number, draw(st.sampled_from(PLACES)), draw(st.lists(deed, min_size=1, max_size=3)), f"m{number}")
        for number in range(count)
    ]
