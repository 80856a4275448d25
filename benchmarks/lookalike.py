"""The look-alike test: do the pictures carry the facts? Small classifiers must read them off frames they never saw.

    python benchmarks/lookalike.py                       # about 12 minutes on 2 idle cores; writes results/lookalike.*
    python benchmarks/lookalike.py --movies 10 --styles ink neon   # a try-out; prints, writes nothing

Movies are made in every style, their themes going round the kinds of places; half of them are for learning, half for
the test. People: from the frames of half of the scenes of a test movie, who is who in the other half (which colours,
edges and places to look at was learned from the other movies, in all styles). Times of day (outdoors, frames without
an insert) are learned in each style, places and poses, which is what an action looks like, from the movies of one half
in all styles. A style is asked only for what it says it shows. The classifiers are linear or nearly so, on colours and
edges (lookalike_features.py): a person sees more, so what they can tell apart anybody can. Actions are told by the
story as well as by the picture: the table of actions says how far pose, shot and things in hand alone settle which one
it is.
"""

import argparse
import json
import multiprocessing
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from lookalike_features import OWN, POSE, Linear, Waves, recognised, spread_of, telling_axes
from lookalike_movies import SIZE, Seen, make_movies, read_style
from painting import RESULTS, machine

from moviellm.generation.files import write_whole
from moviellm.generation.studio.drawing.styles import style_rules

MOVIES = 60
"""In each style: every place in two themes."""
AIMS = {"person": 0.95, "place": 0.9, "action": 0.9, "time_of_day": 0.9}
BEHIND = "from_behind"
"""The shot of who stands with their back to us in an over-the-shoulder shot, for the question who they are."""
NARROW = {"person": (BEHIND,), "place": ("close",), "action": ("over_shoulder",)}
"""Shots that show too little of it: they are in the table of shots, and not in the others."""
CONFUSIONS = 12


# ------------------------------------------------------------------------------------------------ the test


def column(rows: list[dict[str, Any]], name: str) -> npt.NDArray[Any]:
    """One column as an array of objects."""
    made = np.empty(len(rows), object)
    made[:] = [row[name] for row in rows]
    return made


@dataclass
class Answers:
    """What a classifier said where it was asked."""

    truth: Any
    said: Any
    style: Any
    shot: Any

    def share(self, chosen: Any = slice(None)) -> float | None:
        """How many it got right."""
        right = (self.truth == self.said)[chosen]
        return round(float(right.mean()), 4) if len(right) else None

    def facts(self, narrow: tuple[str, ...] = ()) -> dict[str, Any]:
        """Everything about them that is written down; shots that are too narrow only count in the table of shots."""
        shots = {name: self.share(self.shot == name) for name in sorted(set(self.shot))}
        wide = ~np.isin(self.shot, narrow)
        return Answers(self.truth[wide], self.said[wide], self.style[wide], self.shot[wide])._facts() | {
            "shots": shots
        }

    def _facts(self) -> dict[str, Any]:
        wrong = self.truth != self.said
        pairs = Counter(zip(self.style[wrong], self.truth[wrong], self.said[wrong], strict=True))
        total = Counter(zip(self.truth[wrong], self.said[wrong], strict=True))
        asked = Counter(self.truth)
        return {
            "asked": len(self.truth),
            "right": self.share(),
            "chance": round(max(asked.values()) / len(self.truth), 3) if asked else None,
            "styles": {name: self.share(self.style == name) for name in sorted(set(self.style))},
            "worst": [[*pair, count] for pair, count in total.most_common(CONFUSIONS)],
            "worst_of_styles": [[*pair, count] for pair, count in pairs.most_common(CONFUSIONS)],
            "weakest": {
                str(name): self.share(self.truth == name)
                for name in sorted(asked, key=lambda name: self.share(self.truth == name) or 0)[:8]
            },
        }


def across(
    rows: list[dict[str, Any]],
    features: Any,
    fact: str,
    asked: Any,
    model: Callable[[], Any],
    *,
    by_style: bool = False,
    mirrored: Any = None,
) -> Answers:
    """Learn a fact from the movies of one half and ask for it in the others; one model, or one for each style."""
    truth, styles, learn = column(rows, fact), column(rows, "style"), column(rows, "learn").astype(bool)
    said = np.empty(len(rows), object)
    for chosen in [styles == name for name in sorted(set(styles))] if by_style else [np.ones(len(rows), bool)]:
        lesson = chosen & asked & learn
        test = chosen & asked & ~learn & np.isin(truth, truth[lesson])
        if lesson.any() and test.any():
            both = [features[lesson]] if mirrored is None else [features[lesson], mirrored[lesson]]
            taught = np.concatenate([truth[lesson]] * len(both))
            said[test] = model().fit(np.concatenate(both), taught).predict(features[test])
    known = np.array([value is not None for value in said])
    return Answers(truth[known], said[known], styles[known], column(rows, "shot")[known])


def within(seen: list[Seen]) -> Answers:
    """Who is who in half of a movie's scenes, from the other half; everybody is also learned looking the other way."""
    truth, said, styles, shots = [], [], [], []
    for one, both in zip(seen, turned(seen), strict=True):
        who, movies, learned = column(one.people, "person"), column(one.people, "movie"), column(one.people, "learn")
        looks, part, shot = (column(one.people, name) for name in ("looks", "part", "shot"))
        shot[column(one.people, "behind").astype(bool)] = BEHIND
        named = dict(zip(who, looks, strict=True))
        for movie in sorted(set(movies[~learned.astype(bool)])):
            lesson = (movies == movie) & (part == 0)
            test = (movies == movie) & (part == 1) & np.isin(who, who[lesson])
            if len(set(who[lesson])) < 2 or not test.any():
                continue
            examples, labels = np.concatenate([rows[lesson] for rows in both]), np.tile(who[lesson], 2)
            (ahead, names), (mirrored, _) = (recognised(rows[test], examples, labels) for rows in both)
            said += [named[name] for name in names[(ahead + mirrored).argmax(1)]]
            truth += list(looks[test])
            styles += [one.style] * int(test.sum())
            shots += list(shot[test])
    return Answers(*(np.array(values, object) for values in (truth, said, styles, shots)))


def scaled(both: tuple[Any, Any], learned: Any) -> list[Any]:
    """Pictures and their mirror pictures, every feature counted from its middle in its spread."""
    middle, spread = both[0][learned].mean(0), both[0][learned].std(0) + 1e-3
    return [(rows - middle) / spread for rows in both]


def turned(seen: list[Seen]) -> list[list[Any]]:
    """Pictures and mirror pictures of each style's people, along axes learned from the people of the other movies.

    How one person's pictures differ is in part the same in every style, and which people there are wholly.
    """
    rows, spreads, middles = [], [], []
    for one in seen:
        learned = column(one.people, "learn").astype(bool)
        looks = scaled((one.person, one.person_mirrored), learned)
        shapes = scaled((one.pose, one.mirrored), learned)
        both = [np.concatenate([look, shape * POSE], 1) for look, shape in zip(looks, shapes, strict=True)]
        names = column(one.people, "movie") + column(one.people, "person")
        spread, people = spread_of(np.concatenate([part[learned] for part in both]), np.tile(names[learned], 2))
        rows.append(both)
        spreads.append(spread)
        middles.append(people)
    shared, everybody = sum(spreads) / len(spreads), np.concatenate(middles)
    axes = [telling_axes(OWN * spread + (1 - OWN) * shared, everybody) for spread in spreads]
    return [[part @ along for part in both] for both, along in zip(rows, axes, strict=True)]


def staged(rows: list[dict[str, Any]]) -> Answers:
    """Which action it is, from pose, shot and things alone, as the movie says them: the likeliest in the lessons."""
    counts: dict[Any, Counter[str]] = {}
    for row in rows:
        if row["learn"] and row["event"]:
            counts.setdefault(row["staging"], Counter())[row["event"]] += 1
    asked = [row for row in rows if not row["learn"] and row["event"] and row["staging"] in counts]
    said = np.array([counts[row["staging"]].most_common(1)[0][0] for row in asked], object)
    return Answers(column(asked, "event"), said, column(asked, "style"), column(asked, "shot"))


def test_all(seen: list[Seen]) -> dict[str, Any]:
    """Every fact, over all styles."""
    frames = [row for one in seen for row in one.frames]
    people = [row for one in seen for row in one.people]
    shows_time = {one.style: one.shows is None or "time_of_day" in one.shows for one in seen}
    whole = np.array([row["shot"] != "insert" for row in frames])
    outside = np.array([not row["indoor"] and shows_time[row["style"]] for row in frames])
    names = ("place", "light", "pose", "mirrored")
    place, light, pose, mirrored = (np.concatenate([getattr(one, name) for one in seen]) for name in names)
    everybody = column(people, "shot") != "insert"
    answers = {
        "person": within(seen),
        "place": across(frames, place, "place", whole, Linear),
        "action": across(people, pose, "action", everybody, Waves, mirrored=mirrored),
        "time_of_day": across(frames, light, "time_of_day", whole & outside, lambda: Waves(ridge=0.3), by_style=True),
        "staging": staged(frames),
    }
    return {fact: item.facts(NARROW.get(fact, ())) for fact, item in answers.items()}


# ------------------------------------------------------------------------------------------------ writing it down


def percent(share: float | None) -> str:
    """`97.3`, or a dash."""
    return "-" if share is None else f"{100 * share:.1f}"


def table(results: dict[str, Any], part: str) -> str:
    """Facts against styles or shots."""
    facts = [*AIMS]
    names = sorted({name for fact in facts for name in results[fact][part]})
    head = f"| {part[:-1]} | {' | '.join(fact.replace('_', ' ') for fact in facts)} |\n|---|{'---:|' * len(facts)}"
    rows = [f"| {name} | {' | '.join(percent(results[fact][part].get(name)) for fact in facts)} |" for name in names]
    return "\n".join([head, *rows])


def markdown(results: dict[str, Any]) -> str:
    """The results as a page."""
    facts = results["machine"]
    rows = "\n".join(
        f"| {fact.replace('_', ' ')} | {results[fact]['asked']:,} | {percent(results[fact]['right'])} "
        f"| {percent(aim)} | {percent(results[fact]['chance'])} |"
        for fact, aim in AIMS.items()
    )
    worst = "\n".join(
        f"- {fact.replace('_', ' ')}: " + "; ".join(f"{a} for {b} ({count})" for b, a, count in results[fact]["worst"])
        for fact in [*AIMS, "staging"]
    )
    weakest = "\n".join(
        f"- {fact.replace('_', ' ')}: " + ", ".join(f"{k} {percent(v)}" for k, v in results[fact]["weakest"].items())
        for fact in ("place", "action", "time_of_day", "staging")
    )
    size = " x ".join(str(value) for value in SIZE.values())
    return f"""# Look-alikes: what small classifiers read off the pictures

Written by `python benchmarks/lookalike.py` on {facts["date"]}; the numbers are in `lookalike.json`.

{results["movies"]} movies of {size} keyframes in each of {results["styles"]} styles; learned on one half, asked in \
the other, right in percent. People: learned in half of a movie's scenes, asked in the other half. Action: the pose \
of whoever is seen. Time of day: outdoors, in styles that say they show it. Inserts are not asked. Counted in \
the table of shots alone: places of close-ups, poses seen over a shoulder, and who it is that turns their back to us \
in the foreground of such a shot (from_behind).

| fact | asked | right | aim | most frequent |
|---|---:|---:|---:|---:|
{rows}

{table(results, "styles")}

{table(results, "shots")}

Which of the story's actions it is, told from pose, shot, things in hand and things lying there as the movie states \
them: {percent(results["staging"]["right"])} % right of {results["staging"]["asked"]:,}; the rest only the story tells.

Worst pairs, said for what it was (how often):

{worst}

Least often right:

{weakest}
"""


def main() -> None:
    """Make the movies, test, print, and write the results down when nothing was left out."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--movies", type=int, default=MOVIES, help=f"in each style; fewer than {MOVIES} write nothing")
    parser.add_argument("--styles", nargs="+", default=list(style_rules()), choices=list(style_rules()))
    parser.add_argument("--seed", type=int, default=0, help="other movies, to work with; writes nothing unless 0")
    parser.add_argument("--runs", type=Path, help="folder to keep the movies in, and to take them from if there")
    options = parser.parse_args()
    if options.movies < 2:
        raise SystemExit(f"--movies is 2 or more, got {options.movies}")
    facts = machine()
    with tempfile.TemporaryDirectory(prefix="moviellm-lookalike-") as temporary:
        folder = options.runs or Path(temporary)
        for style in options.styles:
            if not (folder / style).exists():
                print(f"making {options.movies} movies in {style}", flush=True)
                make_movies(folder / style, style, options.movies, options.seed)
        with multiprocessing.get_context("spawn").Pool(min(2, len(options.styles))) as pool:
            seen = pool.starmap(read_style, [(folder / style, style) for style in options.styles], chunksize=1)
    results = {"machine": facts, "movies": options.movies, "styles": len(seen)} | test_all(seen)
    print(markdown(results))
    if options.movies >= MOVIES and len(seen) == len(style_rules()) and not options.seed:
        write_whole(RESULTS / "lookalike.json", (json.dumps(results, indent=2, ensure_ascii=False) + "\n").encode())
        write_whole(RESULTS / "lookalike.md", markdown(results).encode())


if __name__ == "__main__":
    main()
