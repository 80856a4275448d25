"""A world of four places with random features, for tests of the proof's stages."""

from typing import Any

from tests.training.remix.lines import ACTIONS, PEOPLE, PLACES, scene


def small_class(seed: int) -> Any:
    """What stages share: scenes to remix, words, features."""
    import torch

    from moviellm.training.proof.encoding import Seen
    from moviellm.training.proof.learning import Class
    from moviellm.training.proof.words import Words
    from moviellm.training.remix.composing import Remix

    people = sorted(PEOPLE)
    lines = [
        scene(number, PLACES[number % 5], [(people[number % 3], ACTIONS[number % 7], 2)], f"m{number}")
        for number in range(20)
    ]
    frames = [frame for line in lines for frame in line.frames]
    features = torch.randn(len(frames), 1, 4, generator=torch.Generator().manual_seed(0))
    return Class(Remix(lines), Words.of(lines), Seen({frame: at for at, frame in enumerate(frames)}, features), seed)
