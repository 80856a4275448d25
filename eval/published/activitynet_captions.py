"""ActivityNet Captions (Krishna et al. 2017, ICCV): all that happens in a video, told by one person or two.

    read_captions("captions")                       # val_1.json and val_2.json of the folder: two tellings
    read_captions("captions/val_2.json")            # one

A file is {"v_ID": {"duration": 82.7, "timestamps": [[0.8, 19.9], ...], "sentences": ["...", ...]}, ...}. A video gives
one question for all events, held against all tellings of it, and for every sentence the question when it happens. The
events of a video that end before they start are left out and counted.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from moviellm.eval.core.inputs import span_of
from moviellm.eval.published.annotations import (
    EMPTY_SPAN,
    Annotations,
    asked,
    files_of,
    moment,
    named,
    read_json,
    seconds_of,
)
from moviellm.eval.tasks.events import Event

PREFIX: Final = "v_"
SHAPE: Final = '{"v_ID": {"duration": s, "timestamps": [[s, s], ...], "sentences": [...]}}'
EVENTS: Final = "Describe every event of the video with its start and end."
NO_EVENTS: Final = "no event that can be told"


def read_captions(place: str) -> Annotations:
    """The questions of ActivityNet Captions.

    Raises:
        ValueError: a file is not what it should be.
    """
    files = files_of(place, "activitynet-captions", ("val_1.json", "val_2.json"))
    stems = [path.stem for path in files]
    if len(set(stems)) < len(stems):
        raise ValueError(f"activitynet-captions: two files are called {stems[0]}; give them names of their own")
    found = Annotations(files)
    told: dict[str, list[tuple[Event, ...]]] = {}
    lengths: dict[str, float] = {}
    for path in files:
        rows = read_json(path)
        if not isinstance(rows, dict) or not rows:
            raise ValueError(f"{path} holds {named(rows)}; ActivityNet Captions are {SHAPE}")
        for name, row in rows.items():
            where = f"{path}, {name!r:.60}"
            movie = PREFIX + name.removeprefix(PREFIX)
            length = _length(row, where)
            found.names.setdefault(movie, (movie, movie.removeprefix(PREFIX)))
            lengths[movie] = max(length, lengths.get(movie, 0.0))
            told.setdefault(movie, []).append(_told(found, movie, row, path, length, where))
    for movie, tellings in told.items():
        _add_events(found, movie, [events for events in tellings if events], lengths[movie])
    return found


def _length(row: Any, where: str) -> float:
    if not isinstance(row, dict) or not {"duration", "timestamps", "sentences"} <= set(row):
        raise ValueError(f"{where}: {named(row)} without duration, timestamps or sentences; a file is {SHAPE}")
    length = seconds_of(row["duration"], f"{where}: duration")
    if length == 0:
        raise ValueError(f"{where}: duration is 0; a video lasts longer")
    spans, sentences = row["timestamps"], row["sentences"]
    if not isinstance(spans, list) or not isinstance(sentences, list) or len(spans) != len(sentences):
        raise ValueError(f"{where}: timestamps and sentences are two lists of one length")
    return length


def _told(
    found: Annotations, movie: str, row: Mapping[str, Any], path: Path, length: float, where: str
) -> tuple[Event, ...]:
    """The events of one telling, each also a question when it happens."""
    events: list[Event] = []
    for number, (stamp, sentence) in enumerate(zip(row["timestamps"], row["sentences"], strict=True)):
        item_id = f"{movie}-{path.stem}-{number:02d}"
        here = f"{where}, event {number}"
        if not isinstance(sentence, str) or not sentence.strip(" .\t\r\n"):
            raise ValueError(f"{here}: the sentence is {sentence!r:.40}; it is a text that is not empty")
        if not isinstance(stamp, list):
            raise ValueError(f"{here}: the timestamp is {named(stamp)}; it is [start, end] in seconds")
        start_s, end_s = span_of(stamp, f"{here}: the timestamp")
        if end_s <= start_s or start_s < 0:
            found.leave_out(item_id, EMPTY_SPAN, here)
            continue
        caption = " ".join(sentence.split())
        events.append(Event(start_s, end_s, caption))
        found.add(moment(item_id, movie, caption, (start_s, end_s), length), here)
    return tuple(sorted(events))


def _add_events(found: Annotations, movie: str, tellings: list[tuple[Event, ...]], length: float) -> None:
    item_id = f"{movie}-events"
    if not tellings:
        found.leave_out(item_id, NO_EVENTS, movie)
        return
    first, *others = tellings
    answer = " ".join(f"{event.start_s:g}-{event.end_s:g} s: {event.caption}" for event in first)
    found.add(
        asked(
            item_id,
            movie,
            EVENTS,
            answer,
            answer_format="dense_captioning",
            question_type="overview",
            duration_s=length,
            spans=tuple(event.span for event in first),
            events=first,
            others=tuple(others),
        ),
        movie,
    )
