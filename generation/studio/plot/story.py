"""The simulation: a story brief becomes a world and a log of scenes with their events, as many as asked for.

    story = simulate(vocabulary, StoryBrief(...))
    story.scenes[0].events[0].because

What a log is stands in chronicle.py, how it is told in telling.py, counterfactual twins in twins.py. It says nothing
in words: see prose.py, shooting.py and lines.py.
"""

from moviellm.generation.briefs import StoryBrief
from moviellm.generation.studio.plot.chronicle import Happening, NoTwinError, SceneLog, Story
from moviellm.generation.studio.plot.telling import tell
from moviellm.generation.studio.plot.twins import tell_twin
from moviellm.generation.studio.world.world import Vocabulary

__all__ = ["Happening", "NoTwinError", "SceneLog", "Story", "simulate"]


def simulate(vocabulary: Vocabulary, brief: StoryBrief) -> Story:
    """Tell the whole story of a brief. Same brief and vocabulary, same story.

    Raises:
        NoTwinError: a twin was asked for, and the story has no point at which it could go otherwise.
    """
    return tell_twin(vocabulary, brief) if brief.twin else tell(vocabulary, brief)
