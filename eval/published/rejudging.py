"""Old answers judged anew: MovieLLM's `res` becomes two runs, as `moviellm eval run` leaves them.

    runs = runs_of(Path("res"), Path("results/paper"))      # results/paper/ours, results/paper/baseline
    moviellm eval judge results/paper/ours --against results/paper/baseline --judge openai:NAME

The published judge saw ours first, always; a judge of today gets every pair in both orders, and its verdicts have
intervals by film. What the old judge's files hold is verdicts without answers: those can be read (old_results.py), and
not judged again. It judges nothing itself.
"""

import io
from contextlib import redirect_stdout
from pathlib import Path
from typing import Final

from moviellm.eval.published.moviellm_qa import KIND, TRUTH, answers_of, read_moviellm_qa
from moviellm.generation.files import write_whole
from moviellm.generation.schema import canonical_json

ANSWERS: Final = ("ours", "baseline")
TASKS: Final = "qa_open,movie_qa"


def runs_of(res: Path, out: Path) -> list[Path]:
    """Write a run folder for each model of `res`.

    Args:
        res: Folder with `ground_truth`, and `ours`, `baseline` or both.
        out: Folder for the runs, and beside each the answers that it was made from.

    Raises:
        ValueError: `res` is not what it should be, or a run's folder holds something else.
    """
    from moviellm.eval.running.evaluating import run
    from moviellm.eval.running.wishes import Wish

    there = [name for name in ANSWERS if (res / name).is_dir()]
    if not (res / TRUTH).is_dir() or not there:
        raise ValueError(
            f"{res} has no {TRUTH} with {' or '.join(ANSWERS)} beside it; --runs takes MovieLLM's res, which holds "
            "answers (files of its judge hold verdicts alone, and cannot be judged again)"
        )
    known = read_moviellm_qa(str(res / TRUTH))
    found = []
    for name in there:
        answers = answers_of(res / name)
        strange = [item for item in answers if item not in known.questions and item not in known.left_out]
        if strange:
            raise ValueError(f"{res / name}: {strange[0]} answers a question that {res / TRUTH} does not have")
        place = out / f"{name}.json"
        out.mkdir(parents=True, exist_ok=True)
        write_whole(place, f"{canonical_json(answers)}\n".encode())
        with redirect_stdout(io.StringIO()):
            wish = Wish(model=f"replay:{place}", data=f"{KIND}:{res / TRUTH}", out=out / name, tasks=TASKS)
            run(wish, as_json=True)
        found.append(out / name)
    return found


def words_of(runs: list[Path]) -> str:
    """What to do with them."""
    first, *rest = runs
    against = f" --against {rest[0]}" if rest else ""
    lines = [
        f"runs: {', '.join(map(str, runs))}",
        f"  judge them: moviellm eval judge {first}{against} --judge openai:NAME",
    ]
    return "\n".join([*lines, f"  without a model: moviellm eval judge {first} --judge lexical"])
