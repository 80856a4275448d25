"""What is counted while training rows are written: what their card says.

tally = Tally()
tally.add_movie(movie)
tally.add_row("sft", row)
"""

from collections import Counter
from dataclasses import dataclass, field

from moviellm.generation.dataset.features import Row
from moviellm.generation.schema import Movie
from moviellm.training.rows.sft import spoilt
from moviellm.training.rows.views import View

Numbers = dict[View, Counter[int]]


def _by_view() -> Numbers:
    return {}


@dataclass
class Tally:
    """Counts over all movies and rows."""

    movies: int = 0
    languages: Counter[str] = field(default_factory=Counter)
    unpainted: int = 0
    """Movies without any picture: they give no row."""
    empty: Counter[View] = field(default_factory=Counter)
    """Movies that gave no row of a view."""
    left_out: int = 0
    """Questions left out for their flags."""
    repeated: int = 0
    """Twins, whose pictures and clips from before they differ are left out."""
    templates: Counter[str] = field(default_factory=Counter)
    tasks: Counter[str] = field(default_factory=Counter)
    """Rows of `boundary` by task."""
    kinds: Counter[str] = field(default_factory=Counter)
    """Turns of `instruct` by kind."""
    formats: Counter[str] = field(default_factory=Counter)
    """Rows of `sft` by answer format."""
    captions: Counter[str] = field(default_factory=Counter)
    """Rows of `align` by kind."""
    images: Numbers = field(default_factory=_by_view)
    """Pictures in a row."""
    asked_words: Numbers = field(default_factory=_by_view)
    """Words of all user turns of a row."""
    answer_words: Numbers = field(default_factory=_by_view)
    """Words of one answer."""
    turns: Numbers = field(default_factory=_by_view)
    """Questions of a row."""

    def add_movie(self, movie: Movie) -> None:
        """Count a movie."""
        self.movies += 1
        self.languages[movie.language] += 1
        self.unpainted += all(keyframe.image_sha256 is None for keyframe in movie.keyframes())
        self.repeated += movie.twin_of is not None
        self.left_out += spoilt(movie)

    def add_view(self, view: View, rows: int) -> None:
        """Note how many rows of a view the movie gave."""
        self.empty[view] += rows == 0

    def add_row(self, view: View, row: Row) -> None:
        """Count a row."""
        messages = row.get("messages") or [*row["prompt"], *row["completion"]]
        learned = messages if "messages" in row else row["completion"]
        count = self.images.setdefault(view, Counter())
        count[len(row["images"])] += 1
        self.turns.setdefault(view, Counter())[sum(one["role"] == "user" for one in messages)] += 1
        said = sum(_words(one) for one in messages if one["role"] == "user")
        self.asked_words.setdefault(view, Counter())[said] += 1
        answers = self.answer_words.setdefault(view, Counter())
        answers.update(_words(one) for one in learned if one["role"] == "assistant")
        self.templates.update(name for name in row["templates"] if not name.startswith("dataset."))
        self.kinds.update(row.get("kinds") or ())
        for counter, column in ((self.tasks, "task"), (self.formats, "answer_format"), (self.captions, "kind")):
            if column in row:
                counter[row[column]] += 1


def _words(message: Row) -> int:
    return sum(len((part["text"] or "").split()) for part in message["content"])
