"""What the task files beside this one call; lmms-eval loads it by its path, once for every name.

    MOVIELLM_DATA=org/name MOVIELLM_REVISION=v1.0.0 lmms-eval --include_path tasks --tasks moviellm --model ...

All of it is done in moviellm.eval.lmms_eval.questions.
"""

from functools import partial
from typing import Any

from moviellm.eval.lmms_eval import questions

PLACE = questions.Place.of_environment()
DATA, SPLIT, OPTIONS = PLACE.data, PLACE.split, PLACE.options
to_text = partial(questions.to_text, PLACE)
to_visual = partial(questions.to_visual, PLACE)
to_target = partial(questions.to_target, PLACE)
TASKS = ("qa_mc", "qa_open", "grounding", "dense_captioning")


def __getattr__(name: str) -> Any:
    task, _, what = name.rpartition("_")
    if task in TASKS and what in {"docs", "process"}:
        return partial(questions.docs_of if what == "docs" else questions.process, PLACE, task)
    numbers = questions.aggregations(PLACE, TASKS)
    if name not in numbers:
        raise AttributeError(name)
    return numbers[name]
