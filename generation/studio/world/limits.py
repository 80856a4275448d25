"""What a story world may hold: the controls of a recipe (config.WorldConfig) as the simulation reads them.

    limits = Limits.of(brief)
    limits.held_back("thing", "key", "gold")       # whether this combination may not occur in this story

It builds nothing: see world.py.
"""

import hashlib
from dataclasses import dataclass

from moviellm.generation.briefs import StoryBrief
from moviellm.generation.config.recipe import WorldConfig
from moviellm.generation.protocols import derive_seed


@dataclass(frozen=True)
class Limits:
    """Controls of one story."""

    world: WorldConfig = WorldConfig()
    held_out: bool = False
    """Whether the combinations kept out of train may occur, and at least one of each kind does."""
    cloze: bool = False
    """Whether it is told in the closed world of about 160 words."""
    inject: tuple[str, ...] = ()
    """Rare situations that this story is to have."""

    @classmethod
    def of(cls, brief: StoryBrief) -> "Limits":
        """The limits of a brief. Which rare situations a movie has is settled by its seed."""
        wanted = tuple(
            name
            for name, share in sorted(brief.world.inject.items())  # never in the order of a file
            if derive_seed(brief.seed, "inject", name) / 2**31 < share
        )
        return cls(world=brief.world, held_out=brief.held_out, cloze=brief.level == "cloze", inject=wanted)

    @property
    def unique(self) -> bool:
        """Whether places and actions occur once a movie, as far as they go."""
        return self.world.unique_keys or self.cloze

    def is_held_out(self, *combination: str) -> bool:
        """Whether a combination, e.g. `coat`, `red`, `glasses`, is one of those kept out of train."""
        digest = hashlib.sha256("|".join(combination).encode()).digest()
        return int.from_bytes(digest[:4], "big") < self.world.held_out * 2**32

    def held_back(self, *combination: str) -> bool:
        """Whether a combination may not occur in this story."""
        return not self.held_out and self.is_held_out(*combination)
