"""Which person, place or object of a story a model means: it may leave out an article, a colour or an adjective.

    Names(world).find("Silver Key")       # 'silver key'; None when nothing or more than one thing is meant

It judges nothing: see founding.py and stage.py.
"""

import re
from collections import defaultdict
from collections.abc import Iterator

from moviellm.generation.studio.world.world import World


class Names:
    """Everybody and everything of a world by what it may be called."""

    def __init__(self, world: World) -> None:
        self.all = [
            *(person.name for person in world.people),
            *(place.name for place in world.places),
            *(thing.name for thing in world.things),
        ]
        self._meant: dict[str, set[str]] = defaultdict(set)
        for name in self.all:
            self._meant[_plain(name)].add(name)
        loose: dict[str, set[str]] = defaultdict(set)
        for place in world.places:
            loose[_plain(place.kind)].add(place.name)
        for thing in world.things:
            loose[_plain(thing.kind)].add(thing.name)
        self._meant |= {text: names for text, names in loose.items() if text not in self._meant}

    def find(self, text: str) -> str | None:
        """The one name that is meant."""
        if text in self.all:
            return text
        found = self._meant.get(_plain(text), set())
        return next(iter(found)) if len(found) == 1 else None

    def near(self, text: str) -> Iterator[str]:
        """Names that share a word with a text, for a message."""
        words = set(_plain(text).split())
        return (name for name in self.all if words & set(_plain(name).split()))


def _plain(text: str) -> str:
    return re.sub(r"^(the|an?) ", "", " ".join(text.casefold().split()))
