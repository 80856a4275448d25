"""Questions as lmms-eval brings them, answered by a checkpoint: those on one film in a row from one reading of it.

    answering = Answering(open_model("runs/stage3"), FramePolicy(n=64), kept=None, stop=True)
    answering.answer([Wanted(visuals=["a.mp4"], turns=("Who waits?",))])        # texts, in the order of the questions
    answering.loss(wanted, "B")                                                 # how unlikely an answer is

With `kept`, answers lie in a folder as soon as they are found, under the hash of weights, film, frames, prompts and
length, and are not asked again. Answers are greedy. It knows nothing of lmms-eval.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from moviellm.eval.lmms_eval.visuals import Several, Source, source_of
from moviellm.eval.running.journal import Journal
from moviellm.eval.running.protocol import Said
from moviellm.generation.progress import progress
from moviellm.generation.schema import canonical_json
from moviellm.training.media import FramePolicy

VERSION: Final = 1
"""Bumped when the same key of a kept answer would mean another question."""
UNASKED_STOP: Final = "\n\n"
"""lmms-eval adds this stop to every task that names none; it would cut an answer of two paragraphs."""
PLACEHOLDERS: Final = ("<image>", "<video>")
"""Where other models put a picture into a question; ours stand before it."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A question with what came before it."""

    visuals: Any
    """What the task shows; see visuals.py."""
    turns: tuple[str, ...]
    """Questions and answers by turns, the question last."""
    max_new_tokens: int = 256
    until: tuple[str, ...] = ()
    """The answer ends before the first of these."""

    def __post_init__(self) -> None:
        turns = self.turns
        for placeholder in PLACEHOLDERS:
            turns = tuple(turn.replace(placeholder, "") for turn in turns)
        object.__setattr__(self, "turns", tuple(turn.strip() for turn in turns))


@dataclass
class _Group:
    """Questions on one film, in a row."""

    source: Source | Several | None
    places: list[int] = field(default_factory=list)
    wanted: list[Wanted] = field(default_factory=list)


class Answering:
    """A checkpoint that answers; see the module."""

    def __init__(self, answerer: Any, policy: FramePolicy, *, kept: str | Path | None, stop: bool) -> None:
        """`stop`: a film that cannot be shown stops the run; else its questions are answered with nothing."""
        self._answerer, self._policy, self._stop = answerer, policy, stop
        self._journal = None if kept is None else Journal(Path(kept))
        self.failed: list[str] = []
        """Why questions were answered with nothing, one a film."""

    def answer(self, wanted: Iterable[Wanted], count: int | None = None) -> list[str]:
        """Answers in the order of the questions; `count`: how many, where they come one by one.

        Raises:
            ValueError: a film cannot be read or does not fit the model; what was answered before is kept.
        """
        answers: dict[int, str] = {}
        group: _Group | None = None
        with progress("answering", count or 0, "questions") as advance:
            for place, one in enumerate(wanted):
                source = source_of(one.visuals)
                if group is None or _key(group.source) != _key(source):
                    if group is not None:
                        answers |= self._group(group)
                        advance(len(group.places))
                    group = _Group(source)
                group.places.append(place)
                group.wanted.append(one)
            if group is not None:
                answers |= self._group(group)
                advance(len(group.places))
        return [answers[place] for place in range(len(answers))]

    def _group(self, group: _Group) -> dict[int, str]:
        told: dict[int, str | None] = {}
        if self._journal is not None:
            found = [self._journal.get(self._kept_as(group, one)) for one in group.wanted]
            told = {place: said.text for place, said in zip(group.places, found, strict=True) if said is not None}
        left = [number for number, place in enumerate(group.places) if told.get(place) is None]
        try:
            film = None if group.source is None or not left else group.source.film(self._policy)
            for alike in _alike([(number, group.wanted[number]) for number in left]):
                self._ask(group, film, alike, told)
        except ValueError as error:
            if self._stop:
                raise ValueError(f"{error}. errors=empty goes on and answers with nothing") from error
            self.failed.append(str(error))
        return {
            place: _until(told.get(place) or "", one.until)
            for place, one in zip(group.places, group.wanted, strict=True)
        }

    def _ask(self, group: _Group, film: Any, alike: Sequence[tuple[int, Wanted]], told: dict[int, str | None]) -> None:
        """Questions of one length of answer; those of one turn go to the model in one call."""

        def heard(place: int, text: str) -> None:
            number, one = alike[place]
            told[group.places[number]] = text
            if self._journal is not None:
                self._journal.keep(self._kept_as(group, one), str(group.places[number]), Said(text=text))

        longest = alike[0][1].max_new_tokens
        if film is None:
            for place, (_, one) in enumerate(alike):
                heard(place, self._text_only(one))
        elif len(alike[0][1].turns) == 1:
            self._answerer.answer(film, [one.turns[0] for _, one in alike], max_new_tokens=longest, told=heard)
        else:
            for place, (_, one) in enumerate(alike):
                heard(place, self._answerer.reply(film, one.turns[:-1], one.turns[-1], max_new_tokens=longest))

    def _kept_as(self, group: _Group, one: Wanted) -> str:
        shown = {} if group.source is None else {"film": group.source.content(), "frames": self._policy.key}
        if isinstance(group.source, Source):
            shown["stretch"] = str(group.source.stretch)
        asked = {
            "version": VERSION,
            "revision": self._answerer.revision,
            "dtype": str(self._answerer.model.dtype),
            "shown": shown,
            "turns": one.turns,
            "max_new_tokens": one.max_new_tokens,
        }
        return hashlib.sha256(canonical_json(asked).encode()).hexdigest()

    def loss(self, wanted: Wanted, answer: str) -> tuple[float, bool]:
        """Minus the log-likelihood of an answer, summed over its tokens, and whether it is the greedy one.

        Raises:
            ValueError: the answer is empty, or the film cannot be read or does not fit.
        """
        import torch

        answerer, source = self._answerer, source_of(wanted.visuals)
        tokenizer = getattr(answerer.processor, "tokenizer", answerer.processor)
        ids = tokenizer(answer.strip(), add_special_tokens=False)["input_ids"]
        if not ids:
            raise ValueError(f"the answer {answer!r} has no tokens: its likelihood cannot be told")
        if source is None:
            row = self._text_row(wanted)
        else:
            row = answerer.row(source.film(self._policy), wanted.turns, len(ids))
        more = torch.tensor([ids], device=row["input_ids"].device)
        row = {**row, "input_ids": torch.cat([row["input_ids"], more], dim=1)}
        for name, fill in (("attention_mask", 1), ("mm_token_type_ids", 0)):
            if row.get(name) is not None:
                row[name] = torch.cat([row[name], torch.full_like(more, fill)], dim=1)
        with torch.no_grad():
            logits = answerer.model(**row, logits_to_keep=len(ids) + 1).logits[0, :-1].float()
        losses = torch.nn.functional.cross_entropy(logits, more[0], reduction="sum")
        return float(losses), bool((logits.argmax(-1) == more[0]).all())

    def close(self) -> None:
        """Let go of the weights, and of the file of this process."""
        if self._journal is not None:
            self._journal.close()
        self._answerer = None

    def _text_only(self, one: Wanted) -> str:
        row = self._text_row(one)
        out = self._answerer.model.generate(**row, max_new_tokens=one.max_new_tokens, do_sample=False)
        tokenizer = getattr(self._answerer.processor, "tokenizer", self._answerer.processor)
        return str(tokenizer.decode(out[0, row["input_ids"].shape[1] :], skip_special_tokens=True)).strip()

    def _text_row(self, one: Wanted) -> dict[str, Any]:
        talk = [
            {"role": "assistant" if number % 2 else "user", "content": [{"type": "text", "text": text}]}
            for number, text in enumerate(one.turns)
        ]
        told = {"tokenize": True, "return_dict": True, "return_tensors": "pt", "add_generation_prompt": True}
        row = self._answerer.processor.apply_chat_template(talk, **told)
        return dict(row.to(self._answerer.model.device))


def together(keys: Sequence[tuple[Any, ...] | None]) -> list[int]:
    """Places in an order in which those of one key follow each other; those without a key stay where they are."""
    first: dict[tuple[Any, ...], int] = {}
    ranks = [place if key is None else first.setdefault(key, place) for place, key in enumerate(keys)]
    return sorted(range(len(keys)), key=lambda place: (ranks[place], place))


def _key(source: Source | Several | None) -> tuple[Any, ...] | None:
    return None if source is None else source.key


def _alike(wanted: Sequence[tuple[int, Wanted]]) -> list[list[tuple[int, Wanted]]]:
    """Questions by what a call has in common: the longest answer, and whether there were turns before."""
    found: dict[tuple[int, bool], list[tuple[int, Wanted]]] = {}
    for number, one in wanted:
        found.setdefault((one.max_new_tokens, len(one.turns) > 1), []).append((number, one))
    return list(found.values())


def _until(text: str, until: Sequence[str]) -> str:
    """The text before the first stop."""
    ends = [at for stop in until if stop and stop != UNASKED_STOP and (at := text.find(stop)) >= 0]
    return text[: min(ends)] if ends else text
