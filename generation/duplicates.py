"""Near-duplicate plots: movies that tell the same story, also when the people and things in it are called otherwise.

    finder = PlotIndex()
    for movie in movies:
        finder.add(movie.movie_id, plot_text(movie))
    finder.pairs()                                  # [("m00003", "m00017"), ...], the same in every process

A plot is everything that says what happens, with the names of the movie's own people, places and objects replaced
by placeholders. Its word shingles are compared in two steps: MinHash with LSH banding (Broder 1997; Leskovec,
Rajaraman, Ullman, Mining of Massive Datasets, ch. 3) proposes pairs, the exact Jaccard similarity of their shingles
decides. Shingles lie in a temporary file, so that a movie costs memory only for its bands (256 bytes), its
id, the hash of its plot and its place in that file.

This is written in NumPy because datasketch 2.0, the well-kept library, pulls in all of SciPy for it. It compares
words, not meanings: a plot told in other words is not found.
"""

import hashlib
import re
import tempfile
from array import array
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from moviellm.generation.schema import Movie

THRESHOLD = 0.7
"""Jaccard similarity of shingles from which two plots are near-duplicates. Measured on the offline writer: among 150
unrelated movies the most alike pair has 0.42 at 16 keyframes (median 0.04), among 24 of 3 keyframes 0.60."""
SHINGLE_WORDS = 4
"""Words in a shingle."""
BANDS = 32
ROWS = 5
"""160 hashes in 32 bands of 5: a pair at the threshold is proposed with probability 1 - (1 - 0.7^5)^32 = 0.997."""

Hashes = npt.NDArray[np.uint64]

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?|\x00\w+\x00")
_MULTIPLIERS, _ADDENDS = np.frombuffer(
    hashlib.shake_256(b"moviellm plot minhash 1").digest(2 * BANDS * ROWS * 8), dtype="<u8"
).reshape(2, -1)


def plot_text(movie: Movie) -> str:
    """What happens in a movie, as text, with its own names replaced by `\\0p0\\0`, `\\0l2\\0`, `\\0o1\\0`.

    People and places are numbered as the movie lists them, objects as its events first use them: two movies that
    differ only in what their people, places and things are called give the same text. Theme and looks are left out.
    """
    parts = [movie.logline or "", movie.synopsis or ""]
    for chapter in movie.chapters:
        parts += [chapter.title, chapter.summary, *(scene.summary for scene in chapter.scenes)]
    parts += [event.caption for event in movie.events]
    return _mask("\n".join(parts), _placeholders(movie)).casefold()


def _placeholders(movie: Movie) -> dict[str, str]:
    things = dict.fromkeys(event.object for event in movie.events if event.object)
    kinds = {
        "p": [person.name for person in movie.characters],
        "l": [place.name for place in movie.locations],
        "o": list(things),
    }
    found = {
        name.casefold(): f"\x00{kind}{number}\x00"
        for kind, names in kinds.items()
        for number, name in enumerate(names)
    }
    found.pop("", None)
    return found


def _mask(text: str, placeholders: dict[str, str]) -> str:
    if not placeholders:
        return text
    longest_first = sorted(placeholders, key=lambda name: (-len(name), name))
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")
    return pattern.sub(lambda match: placeholders[match.group()], text.casefold())


def shingles(text: str) -> Hashes:
    """Sorted distinct 64-bit hashes of the runs of `SHINGLE_WORDS` words; a shorter text is one shingle."""
    words = _WORD.findall(text.casefold())
    count = max(1, len(words) - SHINGLE_WORDS + 1)
    runs = {" ".join(words[i : i + SHINGLE_WORDS]) for i in range(count)}
    digests = b"".join(hashlib.blake2b(run.encode(), digest_size=8).digest() for run in sorted(runs))
    return np.unique(np.frombuffer(digests, dtype="<u8"))


def jaccard(one: Hashes, other: Hashes) -> float:
    """Share of the shingles of either that both have, 0 to 1. Both are sorted and distinct and not empty."""
    common = len(np.intersect1d(one, other, assume_unique=True))
    return common / (len(one) + len(other) - common)


def band_keys(hashes: Hashes) -> Hashes:
    """One 64-bit key a band: equal keys make a candidate pair. Shape (BANDS,)."""
    smallest = np.full(BANDS * ROWS, np.iinfo(np.uint64).max, dtype=np.uint64)
    with np.errstate(over="ignore"):
        for part in np.array_split(hashes, len(hashes) // 4096 + 1):
            mixed = part[:, None] * (_MULTIPLIERS | np.uint64(1)) + _ADDENDS
            mixed ^= mixed >> np.uint64(32)
            mixed *= np.uint64(0xD6E8FEB86659FD93)
            smallest = np.minimum(smallest, mixed.min(axis=0, initial=np.iinfo(np.uint64).max))
    bands = [hashlib.blake2b(rows.tobytes(), digest_size=8).digest() for rows in smallest.reshape(BANDS, ROWS)]
    return np.frombuffer(b"".join(bands), dtype="<u8")


class PlotIndex:
    """Plots added one by one, then the pairs of near-duplicates among them."""

    def __init__(self, threshold: float = THRESHOLD) -> None:
        self._threshold = threshold
        self._ids: list[str] = []
        self._first: dict[bytes, str] = {}
        self._same: list[tuple[str, str]] = []
        self._bands = array("Q")
        self._ends = array("Q", [0])
        self._shingles = tempfile.TemporaryFile(prefix="moviellm-plots-")  # noqa: SIM115 the index owns it

    def add(self, movie_id: str, text: str) -> None:
        """Add one plot. `text` comes from `plot_text`. Without a word in it, it is like no other."""
        if not _WORD.search(text):
            return
        found = shingles(text)
        first = self._first.setdefault(hashlib.blake2b(found.tobytes(), digest_size=16).digest(), movie_id)
        if first != movie_id:  # the very same plot needs no comparing
            self._same.append(_ordered(first, movie_id))
            return
        self._shingles.seek(0, 2)
        self._shingles.write(found.tobytes())
        self._ends.append(self._ends[-1] + len(found))
        self._bands.frombytes(band_keys(found).tobytes())
        self._ids.append(movie_id)

    def pairs(self) -> list[tuple[str, str]]:
        """Near-duplicate pairs, sorted, lower id first.

        Two movies that are already linked through others are not compared again: the pairs connect every group of
        near-duplicates, but do not name every pair in it.
        """
        group = list(range(len(self._ids)))
        found = list(self._same)
        for one, other in self._candidates():
            if _root(group, one) == _root(group, other):
                continue
            if jaccard(self._read(one), self._read(other)) >= self._threshold:
                group[max(_root(group, one), _root(group, other))] = min(_root(group, one), _root(group, other))
                found.append(_ordered(self._ids[one], self._ids[other]))
        return sorted(found)

    def _read(self, number: int) -> Hashes:
        start, end = self._ends[number], self._ends[number + 1]
        self._shingles.seek(start * 8)
        return np.frombuffer(self._shingles.read((end - start) * 8), dtype="<u8")

    def _candidates(self) -> Iterator[tuple[int, int]]:
        """Pairs that share a band, the same pair at most once a band."""
        keys = np.frombuffer(self._bands, dtype=np.uint64).reshape(-1, BANDS)
        for band in range(BANDS):
            order = np.argsort(keys[:, band], kind="stable")
            column = keys[order, band]
            cuts = np.flatnonzero(column[1:] != column[:-1]) + 1
            for members in np.split(order, cuts):
                for place, one in enumerate(members.tolist()):
                    yield from ((one, other) for other in members[place + 1 :].tolist())


def _ordered(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one <= other else (other, one)


def _root(group: list[int], number: int) -> int:
    while group[number] != number:
        group[number] = group[group[number]]
        number = group[number]
    return number


def near_duplicates(plots: Iterator[tuple[str, str]], threshold: float = THRESHOLD) -> list[tuple[str, str]]:
    """Near-duplicate pairs among `(movie_id, plot text)`; see `PlotIndex.pairs`."""
    index = PlotIndex(threshold)
    for movie_id, text in plots:
        index.add(movie_id, text)
    return index.pairs()
