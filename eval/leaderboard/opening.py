"""What `moviellm leaderboard open` does: the places of a leaderboard are made, with the index that submitters go by.

    moviellm leaderboard open --requests ORG/requests --results ORG/results --index INDEX.json
    moviellm leaderboard open --requests queue --results results --index INDEX.json         # folders

On the Hub both are private: requests hold predictions, results hold scores by question, and both together tell the
answers. `--public-results` lets anybody read the results. Run again it brings another index and changes nothing else.
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from moviellm.cards.hub.names import check_repo_id, page
from moviellm.cards.hub.repository import Repository
from moviellm.cards.publish import How, publish_beside, publish_folder
from moviellm.cards.publishing import check_repositories, hub_in_words
from moviellm.eval.submissions.index import INDEX_FILE, Index, read_index
from moviellm.eval.submissions.where import is_hub_name
from moviellm.generation.dataset.folder import README
from moviellm.generation.files import write_whole
from moviellm.generation.output import emit, note

FRONT: Final = "---\nviewer: false\n---\n"
"""What lies there is of no table."""


def open_leaderboard(requests: str, results: str, *, index: Path, public_results: bool, as_json: bool) -> None:
    """Make both places, or bring those that are there the index.

    Raises:
        ValueError: a name is none, the token may not write there, or what must be private is public.
    """
    known = read_index(index)
    if requests.casefold() == results.casefold():
        raise ValueError(f"--requests and --results are both {requests}: they are two places")
    asked = [
        (requests, True, {INDEX_FILE: known.text().encode(), README: _requests_card(known)}),
        (results, not public_results, {README: _results_card(known)}),
    ]
    with hub_in_words():
        on_hub = [(text, private) for text, private, _ in asked if is_hub_name(text)]
        check_repositories([(text, "dataset", private) for text, private in on_hub])
        told = {text: _opened(text, private, contents) for text, private, contents in asked}
    emit({"places": told}, "\n".join(f"{text}: {state}" for text, state in told.items()), as_json)


def _opened(text: str, private: bool, contents: Mapping[str, bytes]) -> str:
    """Make a place, or bring one its index; what became of it."""
    if not is_hub_name(text):
        folder = Path(text).expanduser()
        found = folder.is_dir()
        missing = {name: data for name, data in contents.items() if name == INDEX_FILE}
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in missing.items():
            write_whole(folder / name, data)
        return "there" if found else "made"
    check_repo_id(text, "dataset")
    repository = Repository.open(text, "dataset")
    how = How(private=private, note=note)
    if repository.settings() is None:
        with tempfile.TemporaryDirectory(prefix="moviellm-open-") as made:
            for name, data in contents.items():
                write_whole(Path(made) / name, data)
            done = publish_folder(Path(made), text, "dataset", how=how)
        return f"made, {'private' if private else 'public'}: {done.url}"
    tree = repository.tree(repository.head("main"))
    missing = {name: data for name, data in contents.items() if name == INDEX_FILE or name not in tree}
    publish_beside(text, "dataset", missing, how=how)
    return f"there: {page(repository.endpoint, text, 'dataset')}"


def _requests_card(index: Index) -> bytes:
    return (
        f"{FRONT}\n# Requests to the leaderboard of {index.benchmark}\n\n"
        f"Bundles that were handed in (`requests/`), and what became of them (`status/`). Keep it private: "
        f"predictions with scores by question tell the answers. `moviellm submit send` writes here, "
        f"`moviellm leaderboard score` reads.\n"
    ).encode()


def _results_card(index: Index) -> bytes:
    return (
        f"{FRONT}\n# Results on {index.benchmark}\n\n"
        f"Rows of the leaderboard (`results/SHA256/entry.json`), scores by question beside them, and baselines "
        f"(`baselines/`), written by `moviellm leaderboard score`. Scores by question can tell answers.\n"
    ).encode()
