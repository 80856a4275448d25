"""Which movie goes to train, validation or test: by movie, in blocks of ten, near-duplicates together.

    splits, report = assign_splits([("m00000", None), ("m00001", "m00000")], pairs, recipe.splits, seed=recipe.seed)

Of every ten consecutive movie numbers the recipe says how many go to validation and test; the seed and the block's
number say which. So a longer run moves no movie that stands alone. Short runs: of the first block, movies 1 and 2 are
the first to go to validation and test and movie 0 is the last, so that three movies already give three splits; one
movie is all train. A counterfactual twin goes where its original goes, a near-duplicate plot where the lowest-numbered
movie of its group goes, and a group with a movie of held-out combinations to test; only there a longer run can move a
movie: when a new one links two groups.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable

from moviellm.generation.config.dataset import SplitConfig
from moviellm.generation.dataset.facts import SplitReport
from moviellm.generation.duplicates import THRESHOLD
from moviellm.generation.orders import numbered_split
from moviellm.generation.schema import Split, movie_number


def assign_splits(
    movies: Iterable[tuple[str, str | None]],
    pairs: Iterable[tuple[str, str]],
    config: SplitConfig,
    seed: int,
    held_out: Collection[str] = (),
) -> tuple[dict[str, Split], SplitReport]:
    """The split of every movie.

    Args:
        movies: Movie id, and the id of the movie it is a twin of or None. Twins of a movie that is not there still
            stay together.
        pairs: Ids of near-duplicate movies, see duplicates.py.
        config: Movies of every ten that go to validation and test.
        seed: Seed of the run.
        held_out: Ids of movies with combinations that are kept out of train: their groups go to test.
    """
    twins = dict(movies)
    duplicates = list(pairs)
    leader = {movie_id: movie_id for movie_id in twins}
    for movie_id, original in twins.items():
        if original is not None:
            _link(leader, movie_id, original)
    for one, other in duplicates:
        _link(leader, one, other)
    members: defaultdict[str, list[str]] = defaultdict(list)
    for movie_id in twins:
        members[_find(leader, movie_id)].append(movie_id)
    own: dict[str, Split] = {movie_id: numbered_split(movie_number(movie_id), config, seed) for movie_id in twins}
    splits: dict[str, Split] = {}
    for group in members.values():
        first = own[min(group, key=movie_number)] if all(name not in held_out for name in group) else "test"
        splits.update((movie_id, first) for movie_id in group)
    report = SplitReport(
        threshold=THRESHOLD,
        pairs=len(duplicates),
        clusters=sum(len(group) > 1 for group in members.values()),
        moved=sum(splits[movie_id] != own[movie_id] for movie_id in twins),
        twins=sum(original is not None for original in twins.values()),
    )
    return splits, report


def _find(leader: dict[str, str], movie_id: str) -> str:
    while leader[movie_id] != movie_id:
        leader[movie_id] = leader[leader[movie_id]]
        movie_id = leader[movie_id]
    return movie_id


def _link(leader: dict[str, str], one: str, other: str) -> None:
    leader.setdefault(other, other)
    leader[_find(leader, one)] = _find(leader, other)
