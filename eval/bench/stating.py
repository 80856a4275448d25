"""What lies beside the rows of a benchmark: cards, eval.yaml, INDEX.json, FROZEN.json, manifests.

    version = write_public(building / "public", shards, facts)
    write_private(building / "private", shards, facts, version)

INDEX.json names a commit. Before a push there is none, and it names what the rows are: 40 digits of their hash.
`moviellm bench push` puts the commit of the pushed rows in its place (pushing.py).
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from moviellm.eval.bench.eval_yaml import eval_yaml
from moviellm.eval.bench.folders import COLUMNS, Shards, finish, rows_by_config, stated
from moviellm.eval.bench.frozen import FROZEN_FILE, Frozen
from moviellm.eval.bench.sizing import Sizes, likeness_of, sizes_of
from moviellm.eval.submissions.index import INDEX_FILE, Index, index_of
from moviellm.generation.dataset.checks.readme import read_front_matter
from moviellm.generation.dataset.facts import Measures
from moviellm.generation.dataset.folder import FEATURES_FILE, README, SCRIPT, describe_file, read_manifest
from moviellm.generation.dataset.results import rows_sha256
from moviellm.generation.dataset.stating import content_version, features_json, loading_script
from moviellm.generation.files import write_whole
from moviellm.generation.schema import Movie

if TYPE_CHECKING:
    from moviellm.eval.bench.building import Wish

EVAL_YAML: Final = "eval.yaml"
LICENCE_KEYS: Final = ("license", "license_name", "license_link")
GATE: Final = "question_only"
"""Gate whose scores tell how alike questions of a movie are, where no run was given."""
DESCRIPTION: Final = "Long movies: grounding, dense captions, multiple choice, open questions, whole-movie answers."


@dataclass
class Facts:
    """Everything the cards say."""

    wish: "Wish"
    canary: str
    frozen: Frozen
    measures: Measures
    questions: Mapping[str, int]
    """Of test, by family."""
    gate_scores: list[tuple[str, float]]
    """Family and score of a question of test by the gate `GATE`."""
    left_out: Mapping[str, tuple[str, ...]]
    flagged: Mapping[str, int]
    """Questions left out, by flag."""
    groups: int
    shares: Mapping[str, float]
    """First names, people and places of ours that train has."""
    trained: int
    """Movies of train that were compared."""
    source: Path
    sizes: Sizes | None = None

    @property
    def repo(self) -> str:
        """`namespace/name` of the benchmark."""
        return self.wish.repo or f"local/{self.wish.name}"

    def as_json(self, version: str) -> dict[str, Any]:
        """The outcome of a build."""
        assert self.sizes is not None
        items: Counter[str] = Counter(test=len(self.frozen.answers))
        items["dev"] = len(self.frozen.items) - items["test"]
        return {
            "name": self.wish.name,
            "version": version,
            "repo": self.repo,
            "canary": self.canary,
            "movies": {split: self.measures.movies[split] for split in ("dev", "test")},
            "items": dict(items),
            "left_out": len(self.left_out),
            "half_width": round(self.sizes.ours.half_width, 6),
        }


def gate_scores(movie: Movie) -> list[tuple[str, float]]:
    """Scores of a movie's questions by the gate, with its family."""
    family = movie.twin_of or movie.movie_id
    return [
        (family, score.value)
        for pair in movie.qa_pairs or ()
        for score in pair.gates or ()
        if score.name == GATE and score.value is not None
    ]


def licence(source: Path) -> dict[str, Any]:
    """The licence of the movies, as their dataset states it."""
    front, _ = read_front_matter((source / README).read_text(encoding="utf-8"))
    found: dict[str, Any] = {key: front[key] for key in LICENCE_KEYS if key in front}
    return found or {"license": "unknown"}


def write_public(folder: Path, shards: Shards, facts: Facts) -> str:
    """Write what belongs to the public folder, and return the benchmark's version."""
    from moviellm.eval.bench.card import public_card
    from moviellm.eval.bench.reference_runs import read_baselines

    described = [describe_file(folder, folder / one.path, one.rows) for some in shards.values() for one in some]
    version = facts.wish.version or content_version(described)
    facts.frozen = facts.frozen.model_copy(update={"version": version})
    public = facts.frozen.model_copy(update={"key": None})
    front = stated(folder, shards, version)
    contents = {
        FEATURES_FILE: features_json(COLUMNS),
        SCRIPT: loading_script().read_bytes(),
        FROZEN_FILE: public.text().encode(),
    }
    finish(folder, shards, contents, facts.wish.name, version)  # the index is made of a dataset folder
    index = index_of(folder, benchmark=facts.repo, revision=rows_sha256(described)[:40])
    baselines = read_baselines(facts.wish.baselines, index)
    scores, by = baselines.scores or facts.gate_scores, baselines.scored_by or f"the gate `{GATE}`"
    facts.sizes = sizes_of(facts.questions, likeness_of(scores), by)
    contents[EVAL_YAML] = eval_yaml(facts.wish.name, DESCRIPTION, index.tasks).encode()
    readme, pictures = public_card(facts, version, index, baselines, rows_by_config(shards), front)
    finish(folder, shards, {**contents, README: readme.encode(), **pictures}, facts.wish.name, version)
    write_index(folder, index)
    return version


def write_index(folder: Path, index: Index) -> None:
    """INDEX.json, which the manifest does not list: it names the commit that holds all that is listed."""
    write_whole(folder / INDEX_FILE, index.text().encode())


def write_private(folder: Path, shards: Shards, facts: Facts, version: str) -> None:
    """Write what belongs to the folder of the answers."""
    from moviellm.eval.bench.card import private_card

    contents = {
        FEATURES_FILE: features_json(COLUMNS),
        SCRIPT: loading_script().read_bytes(),
        FROZEN_FILE: facts.frozen.text().encode(),
        README: private_card(facts, version, stated(folder, shards, version)).encode(),
    }
    finish(folder, shards, contents, f"{facts.wish.name}-labels", version)


def index_with(folder: Path, repo: str, revision: str) -> Index:
    """The index of a public folder for a repository and a commit of it."""
    read_manifest(folder)
    return index_of(folder, benchmark=repo, revision=revision)
