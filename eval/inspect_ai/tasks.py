"""Inspect tasks of our benchmark in words: what can be had without seeing the movie.

    inspect eval moviellm/moviellm_mc -T data=org/name -T revision=v1.0.0 --model openai/NAME
    inspect eval moviellm/moviellm_dialogue -T data=demo/MovieLLM-tiny --model hf/local -M model_path=...

Answers are read and scored as `moviellm eval run` does, so that the means are the same; standard errors are clustered
by movie. No pictures: for those use `moviellm eval run`, or lmms-eval. Inspect loads this file by the entry point
`moviellm` of the group `inspect_ai`.
"""

from typing import Any

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessageAssistant, ChatMessageUser, GenerateConfig
from inspect_ai.scorer import Score, Target, mean, scorer, stderr
from inspect_ai.solver import TaskState, generate

from moviellm.eval.inspect_ai.samples import Asked, Shows, asked_of
from moviellm.eval.tasks.items import Data, open_data
from moviellm.eval.tasks.reading import read_text
from moviellm.eval.tasks.scoring import item_scores, metrics_of
from moviellm.eval.tasks.table import task_named


@task
def moviellm_mc(data: str, revision: str | None = None, split: str = "test", shows: Shows = "nothing") -> Task:
    """Questions with options."""
    return _task("qa_mc", data, revision, split, shows)


@task
def moviellm_open(data: str, revision: str | None = None, split: str = "test", shows: Shows = "nothing") -> Task:
    """Questions answered in words."""
    return _task("qa_open", data, revision, split, shows)


@task
def moviellm_dialogue(data: str, revision: str | None = None, split: str = "test", shows: Shows = "dialogue") -> Task:
    """Questions about what is said, with what is said."""
    return _task("dialogue", data, revision, split, shows)


def _task(name: str, place: str, revision: str | None, split: str, shows: Shows) -> Task:
    data = open_data(place, split=split, revision=revision)
    asked = asked_of(data, name, shows=shows)
    if not asked:
        raise ValueError(f"{place}, split {split}, has no question of {name}")
    return Task(
        dataset=MemoryDataset([_sample(one) for one in asked], name=f"{data.facts['dataset']}/{split}"),
        solver=generate(),
        scorer=_scorer(name, data),
        config=GenerateConfig(temperature=0.0, max_tokens=max((one.max_tokens for one in asked), default=None)),
        metadata={**data.facts, "shows": shows},
    )


def _sample(asked: Asked) -> Sample:
    question = asked.question
    messages = [
        ChatMessageAssistant(content=text) if number % 2 else ChatMessageUser(content=text)
        for number, text in enumerate(asked.turns)
    ]
    told = {"movie_id": question.movie_id, "family": question.family, "question_type": question.question_type}
    return Sample(id=question.item_id, input=messages, target=question.answer, metadata=told)


def _scorer(name: str, data: Data) -> Any:
    """What `moviellm eval run` makes of an answer; one mean for each of the task's numbers."""
    numbers = metrics_of(task_named(name))

    @scorer(metrics={number: [mean(), stderr(cluster="family")] for number in numbers}, name=f"moviellm_{name}")
    def as_eval_run() -> Any:
        async def score(state: TaskState, target: Target) -> Score:
            question = data.questions[str(state.sample_id)]
            reading = read_text(question, state.output.completion)
            scores = item_scores(question, reading.prediction)
            said = next(iter(reading.prediction.values()))
            return Score(
                value={number: scores[number] for number in numbers},
                answer=None if said is None else str(said),
                explanation=reading.reason,
            )

        return score

    return as_eval_run()
