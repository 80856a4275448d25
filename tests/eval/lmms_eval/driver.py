"""Runs lmms-eval in the environment that has it, each job in turn, and prints what came out as JSON: JOBS.json.

A job: tasks, folders of task files, model (`moviellm`, or `told`: answers from a file), settings, cache. It imports
nothing of the tests.
"""

import json
import sys
from pathlib import Path
from typing import Any

from lmms_eval import evaluator
from lmms_eval.api.model import lmms
from lmms_eval.tasks import TaskManager

from moviellm.eval.lmms_eval import answering


class Told(lmms):
    """Says what a file says, and remembers what it was shown."""

    def __init__(self, answers: str) -> None:
        super().__init__()
        self.answers = json.loads(Path(answers).read_text(encoding="utf-8"))
        self.seen: dict[str, Any] = {}

    def generate_until(self, requests: list[Any]) -> list[str]:
        """Look an answer up by the id of its question."""
        said = []
        for text, _, to_visual, doc_id, task, split in (request.args for request in requests):
            doc = self.task_dict[task][split][doc_id]
            shown = to_visual(doc)
            self.seen[doc["question_id"]] = [text, [list(picture.size) for picture in shown]]
            said.append(self.answers[doc["question_id"]])
        return said

    def loglikelihood(self, requests: list[Any]) -> list[tuple[float, bool]]:
        """Nobody asks."""
        raise NotImplementedError

    generate_until_multi_round = generate_until


def main(jobs: str) -> None:
    """Run every job."""
    found = []
    asked: list[int] = []
    group = answering.Answering._group

    def counted(self: Any, one: Any) -> dict[int, str]:
        asked.append(len(one.places))
        return group(self, one)

    answering.Answering._group = counted  # type: ignore[method-assign]
    for job in json.loads(Path(jobs).read_text(encoding="utf-8")):
        asked.clear()
        model = Told(job["answers"]) if job["model"] == "told" else job["model"]
        manager = TaskManager(include_path=job["tasks_in"], include_defaults=False, model_name=job["model"])
        done = evaluator.simple_evaluate(
            model=model,
            model_args=job.get("args"),
            tasks=job["tasks"],
            task_manager=manager,
            force_simple=job.get("simple", False),
            use_cache=job.get("cache"),
            gen_kwargs=job.get("settings"),
            log_samples=True,
            bootstrap_iters=0,
        )
        found.append(
            {
                "results": done["results"],
                "answers": {task: [one["filtered_resps"] for one in rows] for task, rows in done["samples"].items()},
                "asked": list(asked),
                "seen": getattr(model, "seen", {}),
            }
        )
    sys.stdout.write(json.dumps(found, default=str) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
