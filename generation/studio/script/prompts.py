"""The prompt of a keyframe: shot, people, objects, place and light in fixed English phrases, in every language.

It reads prompts.yaml and the world, and knows nothing of what happens.
"""

from collections.abc import Sequence

from moviellm.generation.briefs import FigureDraft
from moviellm.generation.schema import Shot
from moviellm.generation.studio.plot.story import SceneLog
from moviellm.generation.studio.script.language import Voice, indefinite
from moviellm.generation.studio.world.world import Place, World


def prompt(
    world: World,
    place: Place,
    log: SceneLog,
    shot: Shot,
    figures: Sequence[FigureDraft],
    props: Sequence[str],
    voice: Voice,
) -> str:
    """The fixed phrases of everybody and everything in the picture, the place, and the light."""
    say = voice.say
    parts = []
    for figure in figures:
        looks = [world.person(figure.name).appearance, say(f"pose.{figure.pose}"), say(f"facing.{figure.facing}")]
        parts.append(", ".join(filter(None, [*looks, figure.emotion])))
        if figure.holding:
            parts[-1] += f", with {_object(world, figure.holding)} in hand"
    parts += [_object(world, prop) for prop in props]
    light = [say(f"prompt_light.{log.time_of_day}")]
    if not place.indoor:
        light.append(say(f"prompt_weather.{log.weather}"))
    subject = "; ".join(parts) or place.kind
    where = f"{place.kind}, {place.look or place.description}"
    return f"{say(f'shot.{shot}')} of {subject}; {where}; {', '.join(light)}; {world.look}"


def _object(world: World, name: str) -> str:
    thing = world.thing(name)
    return indefinite(f"{thing.colour} {thing.kind}")
