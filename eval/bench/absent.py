"""Whether movies are absent from train: seeds, people, places, plots, synopses, questions and pictures.

    known = Known()
    for one in ours: known.ours(one.movie, one.images)
    for one in train: known.train(one.movie, one.images)
    known.leaks(shared_places=0.0)["m00007"]            # ("person: Ada, a tall person with ... (train m00103)", ...)

A person is a name with a look: first names return, people must not. A place is a name with its description. Plots,
synopses and the questions of a movie are compared by the exact Jaccard similarity of their word shingles, each with
every movie of train; pictures by their difference hash. What is kept does not grow with train, but for 13 bytes a
picture. It compares words and pictures, not meanings: a plot told in other words is not found.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from moviellm.generation.dataset.checks.pictures import FrameIndex, look_at
from moviellm.generation.duplicates import plot_text, shingles
from moviellm.generation.schema import Character, Keyframe, Location, Movie

SIMILAR: Final = 0.5
"""Jaccard similarity of shingles from which texts are near-duplicates. Among unrelated movies of the offline studio
the most alike pair has 0.42."""
PICTURES_SHARED: Final = 0.5
"""Share of a movie's pictures that train must not have, to the byte or nearly."""
SAID_MAX: Final = 3
"""Reasons of one kind that are told of a movie."""
Images = Iterable[tuple[Keyframe, bytes]]


class Overlap:
    """Texts of ours, and how alike the most alike text of train is. Exact: every pair is compared."""

    def __init__(self) -> None:
        self._where: dict[int, list[int]] = defaultdict(list)
        self._ids: list[str] = []
        self._sizes: list[int] = []
        self.best: dict[str, tuple[float, str]] = {}
        """By our movie: the highest similarity, and whose."""

    def ours(self, movie_id: str, text: str) -> None:
        """Add a text of ours; one without a word is like no other."""
        if not any(char.isalnum() for char in text):
            return
        found = shingles(text).tolist()
        for shingle in found:
            self._where[shingle].append(len(self._ids))
        self._ids.append(movie_id)
        self._sizes.append(len(found))

    def alike(self, text: str) -> Iterator[tuple[str, float]]:
        """Ours that share a shingle with a text, with the similarity."""
        if not any(char.isalnum() for char in text):
            return
        found = shingles(text).tolist()
        shared = Counter(place for shingle in found for place in self._where.get(shingle, ()))
        for place, count in shared.items():
            yield self._ids[place], count / (len(found) + self._sizes[place] - count)

    def train(self, movie_id: str, text: str) -> None:
        """Hold a text of train against all of ours."""
        for mine, similarity in self.alike(text):
            if similarity > self.best.get(mine, (0.0, ""))[0]:
                self.best[mine] = (similarity, movie_id)


def questions_text(movie: Movie) -> str:
    """Questions with their answers; the shingles of two of them do not run into each other."""
    return "\n".join(f"{pair.question} {pair.answer}" for pair in movie.qa_pairs or ())


def synopsis_text(movie: Movie) -> str:
    """The synopsis with the movie's own people and places masked."""
    bare = movie.model_copy(update={"chapters": (), "logline": None, "events": ()})
    return plot_text(bare)


TEXTS: Final = {"plot": plot_text, "synopsis": synopsis_text, "questions": questions_text}


def person_of(person: Character) -> tuple[str, str]:
    """Who somebody is: the name with the look, or with the description where nobody said the look."""
    return person.name.casefold(), (person.appearance or person.description).casefold()


def place_of(place: Location) -> tuple[str, str]:
    """Which place it is: the name with the description."""
    return place.name.casefold(), place.description.casefold()


def seed_of(movie: Movie) -> int | None:
    """The seed that decides a movie; None for one that was imported."""
    return None if any(made.stage == "import" for made in movie.provenance) else movie.seed


@dataclass
class Known:
    """What is known of ours, and where train has it."""

    texts: dict[str, Overlap] = field(default_factory=lambda: {name: Overlap() for name in TEXTS})
    movies: dict[str, Movie] = field(default_factory=dict)
    trained: list[str] = field(default_factory=list)
    """Movies of train, by their number here."""
    close: list[tuple[str, str]] = field(default_factory=list)
    """Near-duplicates among ours, which stay in one split."""
    _numbers: dict[str, int] = field(default_factory=dict)
    _frames: FrameIndex = field(default_factory=FrameIndex)
    _pictures: dict[str, list[str]] = field(default_factory=dict)
    _wanted: set[object] = field(default_factory=set)
    _found: dict[object, str] = field(default_factory=dict)
    """Seeds, people, places and pictures of ours that train has, and a movie that has each."""

    def ours(self, movie: Movie, images: Images) -> None:
        """Remember a movie of ours."""
        self.movies[movie.movie_id] = movie.model_copy(update={"chapters": (), "events": (), "qa_pairs": None})
        for name, text_of in TEXTS.items():
            text = text_of(movie)
            self.close += [
                (other, movie.movie_id) for other, similarity in self.texts[name].alike(text) if similarity >= SIMILAR
            ]
            self.texts[name].ours(movie.movie_id, text)
        self._wanted.update(_marks(movie))
        self._pictures[movie.movie_id] = [frame.image_sha256 for frame in movie.keyframes() if frame.image_sha256]
        self._wanted.update(("picture", sha) for sha in self._pictures[movie.movie_id])
        self._numbers[movie.movie_id] = len(self._numbers)
        self._look(self._numbers[movie.movie_id], 1, images)

    def train(self, movie: Movie, images: Images, where: str) -> None:
        """Hold a movie of train against ours; all of ours have been added.

        Args:
            where: What the movie is called in reasons.
        """
        number = len(self._numbers) + len(self.trained)
        self.trained.append(where)
        for name, text_of in TEXTS.items():
            self.texts[name].train(where, text_of(movie))
        pictures = [("picture", frame.image_sha256) for frame in movie.keyframes() if frame.image_sha256]
        for mark in [*_marks(movie), *pictures]:
            if mark in self._wanted:
                self._found.setdefault(mark, where)
        self._look(number, 0, images)

    def _look(self, number: int, part: int, images: Images) -> None:
        for keyframe, data in images:
            mark = look_at(data, keyframe.image or "").mark
            if mark is not None:
                self._frames.add(number, part, mark)

    def leaks(self, shared_places: float = 0.0) -> dict[str, tuple[str, ...]]:
        """Reasons why movies of ours are not absent from train; nothing of those that are.

        Args:
            shared_places: Share of a movie's places that train may have.
        """
        alike = self._alike_pictures()
        found = {
            movie_id: tuple(self._reasons(movie, shared_places, alike)) for movie_id, movie in self.movies.items()
        }
        return {movie_id: reasons for movie_id, reasons in found.items() if reasons}

    def _reasons(self, movie: Movie, shared_places: float, alike: dict[str, tuple[float, str]]) -> Iterator[str]:
        name = movie.movie_id
        seed = ("seed", seed_of(movie))
        if seed in self._found:
            yield f"seed: that of {self._found[seed]}"
        people = [person for person in movie.characters if ("person", *person_of(person)) in self._found]
        for person in people[:SAID_MAX]:
            where = self._found["person", *person_of(person)]
            yield f"person: {person.name}, {person.appearance or person.description}, is in {where}"
        places = [place for place in movie.locations if ("place", *place_of(place)) in self._found]
        if len(places) > shared_places * len(movie.locations):
            for place in places[:SAID_MAX]:
                yield f"place: {place.name} is in {self._found['place', *place_of(place)]}"
        for kind, overlap in self.texts.items():
            similarity, where = overlap.best.get(name, (0.0, ""))
            if similarity >= SIMILAR:
                yield f"{kind}: {similarity:.2f} of the words are those of {where}"
        same = [sha for sha in self._pictures[name] if ("picture", sha) in self._found]
        if same and len(same) >= PICTURES_SHARED * len(self._pictures[name]):
            where = self._found["picture", same[0]]
            yield f"pictures: {len(same)} of {len(self._pictures[name])} are in train, one of them in {where}"
        elif name in alike:
            share, where = alike[name]
            yield f"pictures: {share:.2f} of them look like those of {where}"

    def _alike_pictures(self) -> dict[str, tuple[float, str]]:
        ids = [*self._numbers]
        found: dict[str, tuple[float, str]] = {}
        for one, other, share in self._frames.pairs(PICTURES_SHARED):
            mine, theirs = (one, other) if one < len(ids) else (other, one)
            if share > found.get(ids[mine], (0.0, ""))[0]:
                found[ids[mine]] = (share, self.trained[theirs - len(ids)])
        return found

    def shares(self) -> dict[str, float]:
        """What of our people's names, people and places train has, as shares: said on the card."""
        people = [person for movie in self.movies.values() for person in movie.characters]
        places = [place for movie in self.movies.values() for place in movie.locations]
        return {
            "names": _share([("name", person.name.casefold()) in self._found for person in people]),
            "people": _share([("person", *person_of(person)) in self._found for person in people]),
            "places": _share([("place", *place_of(place)) in self._found for place in places]),
        }


def _marks(movie: Movie) -> Iterator[object]:
    if (seed := seed_of(movie)) is not None:
        yield ("seed", seed)
    for person in movie.characters:
        yield ("person", *person_of(person))
        yield ("name", person.name.casefold())
    for place in movie.locations:
        yield ("place", *place_of(place))


def _share(marks: Sequence[bool]) -> float:
    return sum(marks) / len(marks) if marks else 0.0
