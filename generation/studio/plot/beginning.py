"""How a story begins: the whole start of the world, with as many obstacles as there is room for.

    begin(teller)       # sets the main plot, and logs the start of the world with the first scene

What the obstacles are: see quests.py.
"""

from typing import TYPE_CHECKING

from moviellm.generation.studio.plot.chronicle import NoStoryError
from moviellm.generation.studio.plot.episodes import RARE
from moviellm.generation.studio.plot.goals import plan
from moviellm.generation.studio.plot.plans import NoPlanError, scenes_needed
from moviellm.generation.studio.plot.quests import main_quest
from moviellm.generation.studio.plot.staged import Thread
from moviellm.generation.studio.world.actions import State

if TYPE_CHECKING:
    from moviellm.generation.studio.plot.telling import Teller


def begin(teller: "Teller") -> None:
    """The whole start of the world, with as many obstacles as the story has room for.

    Raises:
        NoStoryError: there is no room even without any.
    """
    obstacles = len(teller.vocabulary.premise(teller.world.premise)["obstacles"])
    teller.pending = [name for name in RARE if name in teller.limits.inject]
    room = teller.total - min(teller.total // 2, 2 * len(teller.pending))
    top = -1 if teller.limits.unique else obstacles
    for level in range(top, -2, -1):
        for attempt in range(6):
            quest, cuts, first = main_quest(teller.vocabulary, teller.world, level, teller.rng)
            state = State()
            for fact, value in cuts:
                state.cut(fact, value)
            stage = teller.world.person(quest.hero).home if attempt % 2 or level < 2 else ""
            scope = teller.scope(quest, stage=stage, wander=0.0 if stage else 0.3)
            for opening in (first, first[:1], ()):
                try:
                    acts = plan(scope, state, quest, teller.rng, opening)
                except NoPlanError:
                    continue
                if scenes_needed(acts, teller.cap) <= room and (attempt > 3 or teller.fresh(acts)):
                    teller.quest, teller.main = quest, Thread("main", acts)
                    for fact, value in cuts:
                        teller.cut(fact, value)
                    return
    raise NoStoryError(
        f"no story of the premise {teller.world.premise!r} fits {teller.total} scenes of {teller.cap} keyframes; "
        "allow more keyframes, people, places or actions"
    )
