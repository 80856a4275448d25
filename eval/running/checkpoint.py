"""A checkpoint as a model: ours, a LoRA adapter on one, or a stock model; a folder, or an id on the Hub.

    model = open_checkpoint("runs/stage3", revision=None, device=None, dtype=None)

The weights are loaded when the first question is asked: a run whose answers are all kept loads none. All questions of
a movie go to the model in one call, which reads the movie once where the decoder can share it. Answers are greedy.
Where nothing of a film is seen (`question-only`, `title-only`, `dialogue-only`), questions are put as text alone.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from moviellm.eval.running.protocol import Ask, Said, Told, turns_before
from moviellm.eval.tasks.table import Times
from moviellm.generation.revisions import revision_of
from moviellm.training.ask.manner import Manner, manner_of
from moviellm.training.ask.refusing import check_dtype, check_folder

MEMORY = "the memory of the device did not hold it"


class Checkpoint:
    """A local model; see the module."""

    kind = "checkpoint"
    needs_films = True

    def __init__(
        self, place: str, revision: str, device: str | None, dtype: str | None, times: Times, manner: Manner
    ) -> None:
        self.name = Path(place).resolve().name if Path(place).is_dir() else place
        self.revision = revision
        self.times = times
        self.bare, self.max_tokens = manner.bare, manner.max_tokens
        self._heard = manner.heard
        self.parameters: Mapping[str, Any] = {"sampling": "greedy", "dtype": dtype}
        self._place, self._device, self._dtype = place, device, dtype
        self._answerer: Any = None

    def answer(self, film: Any, asks: Sequence[Ask], told: Told) -> None:
        """Ask the model; a movie that does not fit it leaves all its questions unanswered."""
        answerer = self._opened()
        import torch

        try:
            if film is None or not len(film):
                self._without_frames(answerer, film, asks, told)
            else:
                answerer.answer(
                    film,
                    [ask.prompt for ask in asks],
                    max_new_tokens=asks[0].max_tokens,
                    turn_of=[ask.turn_of for ask in asks],
                    told=lambda place, text: told(place, Said(text=self._heard(text))),
                )
        except torch.OutOfMemoryError as error:
            told_all(asks, told, f"{MEMORY}: {str(error).splitlines()[0]}")
        except ValueError as error:
            told_all(asks, told, str(error))

    def _opened(self) -> Any:
        if self._answerer is None:
            from moviellm.training.ask.opening import open_model

            local = Path(self._place).expanduser().is_dir()
            self._answerer = open_model(self._place, None if local else self.revision, self._device, self._dtype)
        return self._answerer

    def _without_frames(self, answerer: Any, film: Any, asks: Sequence[Ask], told: Told) -> None:
        """Questions as text, with what is said in the film before them, where it is heard; follow-ups come after."""
        from moviellm.training.ask.text_alone import answer_text

        said = "" if film is None else dialogue_of(film)
        answers: dict[int, str] = {}

        def heard(places: Sequence[int]) -> Callable[[int, str], None]:
            return lambda number, text: told(places[number], Said(text=self._heard(text)))

        for places in rounds_of(asks):
            talks = [turns_before(asks, place, answers) for place in places]
            whole = [[said + turns[0], *turns[1:]] for turns in talks]
            found = answer_text(answerer, whole, asks[0].max_tokens, heard(places))
            answers |= dict(zip(places, found, strict=True))

    def facts(self) -> Mapping[str, Any]:
        """Nothing is paid."""
        return {}

    def close(self) -> None:
        """Let go of the weights."""
        self._answerer = None


def rounds_of(asks: Sequence[Ask]) -> list[list[int]]:
    """Places of what is not answered yet: first what can be asked now, then what follows that up, and so on."""
    depths: list[int] = []
    for ask in asks:
        before = ask.turn_of
        depths.append(0 if before is None or asks[before].said is not None else depths[before] + 1)
    places = [place for place, ask in enumerate(asks) if ask.said is None]
    return [[place for place in places if depths[place] == depth] for depth in sorted({depths[at] for at in places})]


def told_all(asks: Sequence[Ask], told: Told, reason: str) -> None:
    """Say of every question why it was not answered; one that was is not said again."""
    for place in range(len(asks)):
        told(place, Said(text=None, reason=reason))


def dialogue_of(film: Any) -> str:
    """What is said in a film as text, a line each with its time."""
    return "".join(
        f"[{line.start_s:.1f} s] {line.speaker + ': ' if line.speaker else ''}{line.text}\n" for line in film.dialogue
    )


def open_checkpoint(place: str, *, revision: str | None, device: str | None, dtype: str | None) -> Checkpoint:
    """Find a checkpoint and pin its weights; nothing is loaded.

    Raises:
        ValueError: there is no such model, it is no checkpoint, or the dtype is none.
    """
    check_dtype(dtype)
    check_folder(Path(place).expanduser())
    if Path(place).expanduser().is_dir() and revision is None:
        from moviellm.training.ask.revision import revision_at

        found = revision_at(place)
    else:  # the same, without what it takes to load a model
        found = revision_of(place, revision)
    config = _config(place, found)
    manner = manner_of(config)
    times: Times = "index" if (manner.times or config.get("time")) == "index" else "seconds"
    return Checkpoint(place, found, device, dtype, times, manner)


def _config(place: str, revision: str) -> Mapping[str, Any]:
    """The config of a checkpoint; empty where it has none, as an adapter."""
    folder = Path(place).expanduser()
    try:
        if not folder.is_dir():
            from huggingface_hub import hf_hub_download

            folder = Path(hf_hub_download(place, "config.json", revision=revision)).parent
        told = json.loads((folder / "config.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}
