"""Published annotations as data of `moviellm eval run`: `--data KIND:FILE --videos FOLDER`.

    is_published("msvd-qa:test_qa.json")            # True; False for a dataset folder or a Hub id
    data = open_published("msvd-qa:test_qa.json", Path("YouTubeClips"))

A subset (`--limit`, `--seed`) is drawn from the annotations, whether or not the films are there, so that it is the
same for everybody. It scores nothing, and downloads nothing.
"""

import difflib
import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from moviellm.eval.published.activitynet_captions import read_captions
from moviellm.eval.published.annotations import Annotations
from moviellm.eval.published.charades_sta import read_charades
from moviellm.eval.published.films import find_films, with_lengths
from moviellm.eval.published.moviellm_qa import read_moviellm_qa
from moviellm.eval.published.msvd_msrvtt import read_msrvtt, read_msvd
from moviellm.eval.published.question_answer_files import read_activitynet, read_zero_shot
from moviellm.eval.published.vcgbench import read_vcgbench
from moviellm.eval.tasks.items import Data
from moviellm.generation.files import file_sha256

KINDS: Final[dict[str, Callable[[str], Annotations]]] = {
    "msvd-qa": read_msvd,
    "msrvtt-qa": read_msrvtt,
    "activitynet-qa": read_activitynet,
    "zero-shot-qa": read_zero_shot,
    "vcgbench": read_vcgbench,
    "charades-sta": read_charades,
    "activitynet-captions": read_captions,
    "moviellm-qa": read_moviellm_qa,
}
_KIND: Final = re.compile(r"([A-Za-z][\w-]{2,}):(.*)", re.DOTALL)


def is_published(place: str) -> bool:
    """Whether a place names published annotations: `KIND:FILE`."""
    return _KIND.fullmatch(place) is not None and not Path(place).expanduser().exists()


def open_published(place: str, videos: Path | None) -> Data:
    """Read published annotations, and find their films.

    Args:
        place: `KIND:FILE`, `KIND:FILE,FILE` or `KIND:FOLDER`.
        videos: Folder of the film files; None finds none.

    Raises:
        ValueError: there is no such kind, a file is not what it should be, or nothing in it can be scored.
    """
    parts = _KIND.fullmatch(place)
    kind, rest = (parts[1], parts[2]) if parts else (place, "")
    if kind not in KINDS:
        near = difflib.get_close_matches(kind.lower(), KINDS, n=1, cutoff=0.5)
        meant = f"; did you mean {near[0]}?" if near else ""
        raise ValueError(f"no annotations are called {kind!r}{meant} There are {', '.join(KINDS)}")
    told = KINDS[kind](rest)
    if not told.questions:
        reason = next(iter(told.left_out.values()), "there are none")
        raise ValueError(f"{place}: no question can be scored ({reason})")
    films = None if videos is None else find_films(videos.expanduser(), told.names)
    sums = [file_sha256(path) for path in (*told.files, *told.tables)]
    content = sums[0] if len(sums) == 1 else hashlib.sha256(" ".join(sums).encode()).hexdigest()
    split = "+".join(dict.fromkeys(path.stem for path in told.files))
    return Data(
        place=place,
        facts={
            "dataset": kind,
            "version": "published",
            "revision": content[:12],
            "commit": None,
            "split": split,
            "rows_sha256": content,
        },
        commit=None,
        split=split,
        questions=with_lengths(told.questions.values(), films or {}),
        left_out=told.left_out,
        videos=films,
    )
