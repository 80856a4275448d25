"""Dense captioning: events of films, each a span and a caption, against the true ones.

    dense_caption_scores({"v1": [{"span": [0, 4], "caption": "a man runs"}]}, {"v1": gold_events})

Precision, recall and the captioning scores by tIoU are those of the ActivityNet Captions challenge (Krishna et al.
2017), with three differences: an IoU equal to the threshold counts, a caption without a match is compared with a word
that occurs nowhere instead of random letters, and a film without predictions counts 0 in every score. `densevid=True`
takes the challenge's threshold (above it, with 1e-8 in the union), so that old tables can be compared.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from moviellm.eval.core.captions import Pair, cider_of, rouge_of
from moviellm.eval.core.grounding import reaches
from moviellm.eval.core.java_meteor import TIME_LIMIT_S, Meteor, NoMeteorError, similarity_by_meteor
from moviellm.eval.core.matching import (
    THRESHOLDS,
    Event,
    Events,
    Floats,
    Similarity,
    events_of,
    f1_of,
    ious_of,
    similarities_of,
    soda_of,
)
from moviellm.eval.core.tokens import ptb_tokenize

NOWHERE: Final = "\x00"
"""Begins a word that no caption holds."""


def dense_caption_scores(
    preds: Mapping[str, Events],
    golds: Mapping[str, Events],
    similarity: Similarity | Literal["meteor"] | None = None,
    *,
    densevid: bool = False,
    with_meteor: bool = True,
) -> dict[str, Any]:
    """Scores of predicted events over all films that have true ones.

    Args:
        preds: The predicted events of each film; none, or no entry, counts 0. Films without true ones are ignored.
        golds: The true events of each film.
        similarity: What SODA compares captions with: ROUGE-L when None, because it is the same everywhere; "meteor" is
            the published one (the prediction standing as METEOR's reference, as there), None without METEOR.
        densevid: Compare IoU with thresholds as the ActivityNet challenge did.
        with_meteor: False leaves METEOR's program alone, for scores of one film after the other.

    Returns:
        `precision@t`, `recall@t` (means over films) and `f1@t` (of those means) for t in .3 .5 .7 .9; `cider` from 0
        to 10 and `meteor`, of pairs by tIoU, over films and then over t; `soda_c`, the mean of each film's f1; all
        None without films. `meteor_reason` says why there is no METEOR, `soda_similarity` what SODA compared with.

    Raises:
        ValueError: an event that is none, or a similarity that is not a finite number.
    """
    if not callable(similarity) and similarity not in (None, "meteor"):
        raise ValueError(f"similarity is {similarity!r:.60}; give a function of two captions, 'meteor' or nothing")
    films = [_film(preds.get(name, ()), events, name) for name, events in golds.items()]
    for name, events in preds.items():
        if name not in golds:
            events_of(events, f"a predicted event of {name}")
    scores: dict[str, Any] = {}
    for t in THRESHOLDS:
        rates = [_located(film, t, densevid) for film in films]
        precision, recall = (_mean([rate[side] for rate in rates]) for side in (0, 1))
        scores |= {f"precision@{t}": precision, f"recall@{t}": recall}
        scores[f"f1@{t}"] = None if precision is None or recall is None else f1_of(precision, recall)
    items = [[_items(film, t, densevid) for film in films] for t in THRESHOLDS]
    ciders = [_mean([_mean(cider_of(pairs)) or 0.0 for pairs in row]) for row in items]
    scores["cider"] = None if None in ciders else _mean([cider or 0.0 for cider in ciders])
    scores["meteor"], scores["meteor_reason"] = _meteor(items) if with_meteor else (None, "not asked for")
    return scores | _soda_scores(films, similarity)


class Film(NamedTuple):
    """The events of a film, and which of them meet."""

    preds: list[Event]
    golds: list[Event]
    ious: Floats
    tokens: dict[str, str]
    """Of each caption."""


def _film(preds: Events, golds: Events, name: str) -> Film:
    mine = events_of(preds or (), f"a predicted event of {name}")
    theirs = events_of(golds, f"a true event of {name}")
    captions = list(dict.fromkeys(event.caption for event in mine + theirs))
    return Film(mine, theirs, ious_of(mine, theirs), dict(zip(captions, ptb_tokenize(captions), strict=True)))


def _hits(film: Film, t: float, densevid: bool) -> npt.NDArray[np.bool_]:
    """Which pairs meet well enough."""
    if not densevid:
        return np.asarray(reaches(film.ious, t))
    hits = np.zeros(film.ious.shape, bool)
    for at, to in np.argwhere(film.ious > 0.0):
        one, other = film.preds[at].span, film.golds[to].span
        shared = min(one[1], other[1]) - max(one[0], other[0])
        hits[at, to] = shared / (max(one[1], other[1]) - min(one[0], other[0]) + 1e-8) > t
    return hits


def _located(film: Film, t: float, densevid: bool) -> tuple[float, float]:
    """The shares of predictions and of true events that meet one of the other side."""
    hits = _hits(film, t, densevid)
    return (float(hits.any(1).mean()), float(hits.any(0).mean())) if hits.size else (0.0, 0.0)


def _items(film: Film, t: float, densevid: bool) -> list[Pair]:
    """Pairs of captions to compare: each pair that meets, and each prediction that meets none."""
    hits = _hits(film, t, densevid)
    items = []
    for at, pred in enumerate(film.preds):
        mine = film.tokens[pred.caption]
        refs = [film.tokens[film.golds[to].caption] for to in np.flatnonzero(hits[at])]
        items += [(mine, [ref]) for ref in refs] or [(mine, [f"{NOWHERE}{at}"])]
    return items


def dense_meteors(
    preds: Mapping[str, Events], golds: Mapping[str, Events], *, time_limit_s: float = TIME_LIMIT_S
) -> tuple[dict[str, float] | None, str | None]:
    """METEOR of each film by itself, the mean over t; their mean is that of `dense_caption_scores`.

    Returns:
        By film, and None; or None, and why there is no METEOR.
    """
    films = [_film(preds.get(name, ()), events, name) for name, events in golds.items()]
    if not films:
        return {}, None
    try:
        totals = _meteors([[_items(film, t, densevid=False) for film in films] for t in THRESHOLDS], time_limit_s)
    except NoMeteorError as error:
        return None, str(error)
    return {name: sum(of) / len(of) for name, of in zip(golds, zip(*totals, strict=True), strict=True)}, None


def _meteor(items: list[list[list[Pair]]]) -> tuple[float | None, str | None]:
    """METEOR of each film's pairs together, the mean over films, then over t."""
    if not items[0]:
        return None, "no films"
    try:
        totals = _meteors(items, TIME_LIMIT_S)
    except NoMeteorError as error:
        return None, str(error)
    real = any(not ref.startswith(NOWHERE) for row in items for pairs in row for _, (ref,) in pairs)
    return (_mean([_mean(row) or 0.0 for row in totals]) if real else 0.0), None


def _meteors(items: list[list[list[Pair]]], time_limit_s: float) -> list[list[float]]:
    """METEOR of each film's pairs together, by t and film.

    Raises:
        NoMeteorError: there is none.
    """
    flat = [pair for row in items for pairs in row for pair in pairs]
    with Meteor(time_limit_s) as program:
        counted = iter(program.statistics([(mine, [ref.replace(NOWHERE, "zzqx")]) for mine, (ref,) in flat]))
        rows = [[[next(counted) for _ in pairs] for pairs in row] for row in items]
        return [[program.evaluate(film)[1] if film else 0.0 for film in row] for row in rows]


def _soda_scores(films: list[Film], similarity: Similarity | Literal["meteor"] | None) -> dict[str, Any]:
    """The mean of each film's SODA_c."""
    if similarity == "meteor":
        try:
            by = _by_meteor(films)
        except NoMeteorError as error:
            return {"soda_c": None, "soda_similarity": "meteor", "soda_reason": str(error)}
    else:
        tokens = {text: token for film in films for text, token in film.tokens.items()}
        by = similarity or (lambda pred, gold: rouge_of(tokens[pred], [tokens[gold]]))
    alike = [similarities_of(film.preds, film.golds, film.ious, by) for film in films]
    scores = [soda_of(film.ious, values)["f1"] for film, values in zip(films, alike, strict=True)]
    return {"soda_c": _mean(scores), "soda_similarity": _name_of(similarity)}


def _name_of(similarity: Similarity | str | None) -> str:
    return similarity if isinstance(similarity, str) else "rouge_l" if similarity is None else "given"


def _by_meteor(films: list[Film]) -> Similarity:
    """METEOR of all pairs that meet, asked for at once.

    Raises:
        NoMeteorError: there is none.
    """
    tokens = {text: token for film in films for text, token in film.tokens.items()}
    pairs = [
        (film.preds[at].caption, film.golds[to].caption) for film in films for at, to in np.argwhere(film.ious > 0.0)
    ]
    known = dict(zip(pairs, similarity_by_meteor(pairs, tokens), strict=True))
    return lambda pred, gold: known[pred, gold]


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
