"""What a dataset is, measured while it is written: the facts a card is rendered from. No number here is typed by hand.

    facts = DatasetFacts(...)                                       # made by export.build_dataset
    readme, files = render_readme(facts)                            # see cards.dataset_card

Every distribution is a count by value (`{4.0: 12}` = twelve times 4.0), so that its size does not grow with the number
of movies. It renders nothing and writes nothing.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from moviellm.generation.config.recipe import Recipe
from moviellm.generation.dataset.asked_gates import AskedGates
from moviellm.generation.dataset.features import Feature
from moviellm.generation.dataset.folder import ManifestFile
from moviellm.generation.dataset.gate_table import GateTable
from moviellm.generation.dataset.results import Results
from moviellm.generation.dataset.variety import Variety
from moviellm.generation.schema import DialogueLine, Keyframe, Movie, Provenance, QAPair, Split

SAMPLE_IMAGES = 4
"""Pictures kept for the card."""
SAMPLE_QUESTIONS = 2
"""Questions kept for the card."""


@dataclass(frozen=True, order=True)
class Source:
    """Who made one stage's part, and with what."""

    stage: str
    model_id: str
    model_revision: str
    prompt_id: str
    prompt_sha256: str
    code_version: str
    code_revision: str
    created_at: str


@dataclass(frozen=True, kw_only=True)
class SplitReport:
    """What splitting found: see duplicates.py and splits.py."""

    threshold: float
    """Jaccard similarity of word shingles from which two plots are near-duplicates, 0 to 1."""
    pairs: int
    """Pairs of movies found to be near-duplicates (one link a movie is kept, not every pair of a large cluster)."""
    clusters: int
    """Groups of near-duplicates and twins."""
    moved: int
    """Movies that went to another split than their number says, to stay with their group."""
    twins: int
    """Movies that are the counterfactual of another."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One movie as an example: the first of test, or the first there is."""

    movie_id: str
    split: Split
    title: str
    theme: str
    genre: str
    logline: str
    questions: tuple[QAPair, ...]
    """At most `SAMPLE_QUESTIONS`."""
    images: tuple[tuple[str, str, bytes], ...]
    """At most `SAMPLE_IMAGES`, spread over the movie: file name, caption, encoded picture."""


@dataclass
class Measures:
    """Counts by value, collected movie by movie."""

    movies: Counter[str] = field(default_factory=Counter)
    """Movies by split."""
    twins: int = 0
    """Movies that are the counterfactual of another."""
    total_s: float = 0.0
    """Playing time of all movies, seconds."""
    durations_s: Counter[float] = field(default_factory=Counter)
    """Movies by duration, seconds, to a tenth."""
    keyframes_per_movie: Counter[int] = field(default_factory=Counter)
    scenes_per_movie: Counter[int] = field(default_factory=Counter)
    events_per_movie: Counter[int] = field(default_factory=Counter)
    lines_per_movie: Counter[int] = field(default_factory=Counter)
    questions_per_movie: Counter[int] = field(default_factory=Counter)
    genres: Counter[str] = field(default_factory=Counter)
    """Movies by genre."""
    styles: Counter[str] = field(default_factory=Counter)
    """Movies by style id; `none` where no style is locked."""
    languages: Counter[str] = field(default_factory=Counter)
    """Movies by BCP-47 tag."""
    times_of_day: Counter[str] = field(default_factory=Counter)
    """Scenes by time of day."""
    weathers: Counter[str] = field(default_factory=Counter)
    """Scenes by weather."""
    shots: Counter[str] = field(default_factory=Counter)
    """Keyframes by shot."""
    people_per_keyframe: Counter[int] = field(default_factory=Counter)
    image_sizes: Counter[str] = field(default_factory=Counter)
    """Keyframes by size of the picture, `512x288`; `none` without a picture."""
    image_bytes: int = 0
    """Bytes of all encoded pictures."""
    emotions: Counter[str] = field(default_factory=Counter)
    """Lines by emotion."""
    words_per_line: Counter[int] = field(default_factory=Counter)
    words_per_question: Counter[int] = field(default_factory=Counter)
    question_types: Counter[str] = field(default_factory=Counter)
    answer_formats: Counter[str] = field(default_factory=Counter)
    levels: Counter[str] = field(default_factory=Counter)
    requires: Counter[str] = field(default_factory=Counter)
    """Questions by what they cannot do without, joined: `vision`, `vision+order`; `nothing` when the list is empty."""
    answer_positions: Counter[int] = field(default_factory=Counter)
    """Multiple-choice questions by index of the right option."""
    gates: GateTable = field(default_factory=GateTable)
    """How often each gate was right on the questions that it should fail on."""
    asked: AskedGates = field(default_factory=AskedGates)
    """What language models said about the questions."""
    films: Counter[tuple[bool, bool]] = field(default_factory=Counter)
    """Films by whether the camera moves in them, and whether they speak."""
    without_film: int = 0
    """Movies that have no film for lack of pictures, where films were asked for."""
    not_drawn: Counter[str] = field(default_factory=Counter)
    """Pictures by what they were asked for and do not show, as far as the painter says."""
    variety: Variety = field(default_factory=Variety)
    """How varied the language of the first movies is."""
    injected: Counter[str] = field(default_factory=Counter)
    """Movies by rare situation that was put into them on request."""
    language_levels: Counter[str] = field(default_factory=Counter)
    """Movies by level of the language."""
    sources: Counter[Source] = field(default_factory=Counter)
    """Movies (for questions with their own provenance: questions) by who made a part."""

    def add(self, movie: Movie) -> None:
        """Count one movie, which has its split."""
        scenes = list(movie.scenes())
        self.movies[movie.split or "none"] += 1
        self.twins += movie.twin_of is not None
        self.total_s += movie.duration_s
        self.durations_s[round(movie.duration_s, 1)] += 1
        self.scenes_per_movie[len(scenes)] += 1
        self.keyframes_per_movie[sum(len(scene.keyframes) for scene in scenes)] += 1
        self.events_per_movie[len(movie.events)] += 1
        self.lines_per_movie[sum(len(scene.dialogue or ()) for scene in scenes)] += 1
        self.questions_per_movie[len(movie.qa_pairs or ())] += 1
        self.gates.add(movie)
        self.asked.add(movie)
        self.variety.add(movie)
        self.injected.update(movie.injected)
        self.language_levels[movie.language_level or "none"] += 1
        self.genres[movie.genre or "none"] += 1
        self.styles[movie.style.style_id if movie.style else "none"] += 1
        self.languages[movie.language] += 1
        self.times_of_day.update(scene.time_of_day or "none" for scene in scenes)
        self.weathers.update(scene.weather or "none" for scene in scenes)
        own = any(question.provenance is not None for question in movie.qa_pairs or ())
        self.sources.update(_source(made) for made in movie.provenance if not (own and made.stage == "qa"))
        for keyframe in movie.keyframes():
            self._add_keyframe(keyframe)
        for line in movie.dialogue():
            self._add_line(line)
        for question in movie.qa_pairs or ():
            self._add_question(question)

    def _add_keyframe(self, keyframe: Keyframe) -> None:
        self.shots[keyframe.shot or "none"] += 1
        self.people_per_keyframe[len(keyframe.character_ids)] += 1
        size = f"{keyframe.width_px}x{keyframe.height_px}" if keyframe.image is not None else "none"
        self.image_sizes[size] += 1
        self.not_drawn.update(keyframe.not_drawn)

    def _add_line(self, line: DialogueLine) -> None:
        self.emotions[line.emotion or "none"] += 1
        self.words_per_line[len(line.text.split())] += 1

    def _add_question(self, question: QAPair) -> None:
        self.question_types[question.question_type or "none"] += 1
        self.answer_formats[question.answer_format] += 1
        self.levels[question.level] += 1
        self.requires["+".join(question.requires) or "no one channel"] += 1
        self.words_per_question[len(question.question.split())] += 1
        if question.answer_index is not None:
            self.answer_positions[question.answer_index] += 1
        if question.provenance is not None:
            self.sources[_source(question.provenance)] += 1


def _source(made: Provenance) -> Source:
    return Source(
        stage=made.stage,
        model_id=made.model_id,
        model_revision=made.model_revision,
        prompt_id=made.prompt_id,
        prompt_sha256=made.prompt_sha256,
        code_version=made.code_version,
        code_revision=made.code_revision,
        created_at=made.created_at,
    )


@dataclass(frozen=True, kw_only=True)
class DatasetFacts:
    """Everything a card may say about a dataset."""

    name: str
    """Name of the dataset."""
    version: str
    """Its version, `1.2.0`."""
    schema_version: str
    """Version of the data model."""
    front_matter: dict[str, object]
    """`configs` and `dataset_info` of the README's YAML front matter. Nothing loads without: put it in unchanged."""
    recipe: Recipe
    """The recipe the run was made with."""
    run_seed: int
    """Seed of the run."""
    features: dict[str, dict[str, Feature]]
    """Columns of every config, in the neutral form of features.json."""
    rows: dict[str, dict[Split, int]]
    """Rows by config and split; a split without rows is left out."""
    file_bytes: dict[str, dict[Split, int]]
    """Bytes of Parquet by config and split."""
    total_bytes: int
    """Bytes of all Parquet files."""
    measures: Measures
    """Distributions."""
    splitting: SplitReport
    """Near-duplicates, twins and what moved."""
    failures: Mapping[str, int]
    """Cells that failed or were dropped, by reason; empty when nobody counted."""
    sample: Sample
    """An example."""
    shards: tuple[ManifestFile, ...] = ()
    """Every Parquet file, with its hash, size and rows."""
    results: Results | None = None
    """Measures of the pictures, where they were measured and the rows are still the same."""
