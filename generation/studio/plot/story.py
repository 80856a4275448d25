"""The simulation: a story brief becomes a world and a log of scenes with their events, as many as asked for.

    story = simulate(vocabulary, StoryBrief(...))
    story.scenes[0].events[0].because

What a log is stands in chronicle.py, how it is told in telling.py, counterfactual twins in twins.py. It says nothing
in words: see prose.py, shooting.py and lines.py.
"""

from moviellm.generation.briefs import StoryBrief
from moviellm.generation.studio.plot.chronicle import Happening, NoStoryError, NoTwinError, SceneLog, Story
from moviellm.generation.studio.plot.telling import tell
from moviellm.generation.studio.plot.twins import tell_twin
from moviellm.generation.studio.world.actions import PreconditionError
from moviellm.generation.studio.world.world import Vocabulary

__all__ = ["Happening", "NoStoryError", "NoTwinError", "SceneLog", "Story", "simulate"]


def simulate(vocabulary: Vocabulary, brief: StoryBrief) -> Story:
    """Tell the whole story of a brief. Same brief and vocabulary, same story.

    Raises:
        NoStoryError: it cannot be told with what the brief allows.
        NoTwinError: a twin was asked for, and the story has no point at which it could go otherwise.
    """
    try:
        return tell_twin(vocabulary, brief) if brief.twin else tell(vocabulary, brief)
    except PreconditionError as error:
        raise NoStoryError(
            f"the story of {brief.theme!r} with seed {brief.seed} came to an act that is impossible ({error}); "
            "allow more in `world` of the recipe, or take another seed"
        ) from error
