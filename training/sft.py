"""One stage of training: `moviellm train RECIPE`, on one device or under `accelerate launch`.

    moviellm train tiny --dataset demo/MovieLLM-tiny --output_dir runs/tiny
    accelerate launch -m moviellm.training.sft --config stage2_boundary --model runs/stage1 --dataset org/name

TRL's SFTTrainer trains; recipes are read by its TrlParser (stages/recipe.py), data come from data/, and what learns,
what is checked, how it resumes from stages/. docs/training.md says how recipes are written. Exit codes are those of
`moviellm`: 2 where the input was wrong.
"""

import sys
from collections.abc import Sequence


def train(arguments: Sequence[str]) -> None:
    """Train the stage of a recipe.

    Raises:
        ValueError: the recipe, the data or the model cannot be used; it says why and what to do.
    """
    from moviellm.training.stages.recipe import read_recipe

    recipe, args = read_recipe(arguments)
    from moviellm.training.stages.running import run_stage

    run_stage(recipe, args)


def main() -> int:
    """For `python -m` and `accelerate launch -m`: errors are one line."""
    try:
        train(sys.argv[1:])
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return 2
    except KeyboardInterrupt:
        print("stopped; whole checkpoints are kept, and the same command goes on from there", file=sys.stderr)  # noqa: T201
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
