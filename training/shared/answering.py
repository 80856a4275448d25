"""Questions on one movie answered from one reading of it: `answer_all`.

    movie = {"input_ids": ids, "frame_features": features}          # what the model takes, one row
    answers = answer_all(model, movie, [Turn(ids), Turn(more), Turn(follow_up, turn_of=0)], max_new_tokens=64)

    reading = read_movie(model, movie)                              # or in two steps, for questions that come later
    answers = answer_all(model, reading, [Turn(ids)], max_new_tokens=64)

The movie goes through the model once. Decoders of attention then write a token of every answer at each step, in one
row: all questions read the same keys of the movie, which are never copied. Other decoders (LFM2, linear attention)
get a copy of their state for each question of a group. A follow-up sees the turn it follows with the answer given.

Answers are greedy, the same as asking one by one with `generate(do_sample=False)` and no logits processors. An answer
ends with the stop token when one was written. It knows no tokenizer.
"""

import copy
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from moviellm.training.shared.attention import decoder_of, share_attention
from moviellm.training.shared.decoders import refuse_guided_frames, sees_by_mask
from moviellm.training.shared.layout import Turn, way_to
from moviellm.training.shared.roomy import roomy_cache

Told = Callable[[int, list[int]], None]
"""Is told the place of a question and its answer, as soon as there is one or as far as it is written."""


@dataclass(frozen=True)
class Reading:
    """A movie that went through a model, for as many calls of `answer_all` with the same model as wanted."""

    cache: Any
    """What the decoder remembers of it."""
    tokens: int
    """How many tokens it has."""
    behind: int
    """How far the positions behind it are from counting tokens."""


@torch.no_grad()
def read_movie(model: Any, movie: dict[str, Any]) -> Reading:
    """The movie through the model, once. Raises ValueError for more than one movie and for `context_content`."""
    refuse_guided_frames(model.config)
    if movie["input_ids"].shape[0] != 1:
        raise ValueError(f"{movie['input_ids'].shape[0]} movies in one call: answer them one after the other")
    with _answering(model):
        cache, behind = _read(model, movie, roomy_cache() if sees_by_mask(model.config) else _state_cache(model))
    return Reading(cache, movie["input_ids"].shape[1], behind)


@torch.no_grad()
def answer_all(
    model: Any,
    movie: dict[str, Any] | Reading,
    questions: Sequence[Turn],
    max_new_tokens: int,
    *,
    stop_ids: Sequence[int] | None = None,
    at_once: int = 64,
    told: Told | None = None,
    wrote: Told | None = None,
) -> list[list[int]]:
    """The answers' tokens, in the order of the questions; `at_once` bounds memory, not results.

    `stop_ids` end an answer; None: those of the model's generation config. `told` hears of finished answers, `wrote`
    of every token. Raises ValueError for more than one movie, for questions without tokens, and for frames that depend
    on the question.
    """
    _check(questions, max_new_tokens, at_once)
    reading = movie if isinstance(movie, Reading) else read_movie(model, movie)
    stops = set(_stop_ids(model) if stop_ids is None else stop_ids)
    answers: dict[int, list[int]] = {}
    by_mask = sees_by_mask(model.config)
    write = _write_in_one_row if by_mask else _write_in_rows
    with _answering(model):
        for asked in _rounds(questions, at_once, in_lengths=not by_mask):
            prompts = [_prompt(questions, number, answers) for number in asked]
            with closing(write(model, reading, prompts, max_new_tokens, stops)) as written:
                for place, answer, done in written:
                    if wrote is not None:
                        wrote(asked[place], answer)
                    if done:
                        answers[asked[place]] = answer
                    if done and told is not None:
                        told(asked[place], answer)
    return [answers[number] for number in range(len(questions))]


def _check(questions: Sequence[Turn], max_new_tokens: int, at_once: int) -> None:
    for name, value in (("max_new_tokens", max_new_tokens), ("at_once", at_once)):
        if value < 1:
            raise ValueError(f"{name} is {value}: it must be at least 1")
    for number, question in enumerate(questions):
        if len(question.ids) == 0:
            raise ValueError(f"question {number} has no tokens")
        if question.turn_of is not None and not 0 <= question.turn_of < number:
            raise ValueError(f"question {number} follows {question.turn_of}: it must follow an earlier one, or None")


def _read(model: Any, movie: dict[str, Any], room: Any) -> tuple[Any, int]:
    """The movie through the model, once: the cache, and how far the positions behind it are from counting tokens."""
    read = model(**movie, past_key_values=room, use_cache=True, logits_to_keep=1)
    if getattr(read, "past_key_values", None) is None:
        raise ValueError(f"{type(model).__name__} gives no cache that questions could start from: ask them one by one")
    shift = getattr(getattr(model, "base_model", model), "rope_deltas", None)
    return read.past_key_values, 0 if shift is None else int(shift.sum())


def _stop_ids(model: Any) -> list[int]:
    stops = getattr(model.generation_config, "eos_token_id", None)
    if stops is None:
        return []
    return [stops] if isinstance(stops, int) else list(stops)


@contextmanager
def _answering(model: Any) -> Iterator[None]:
    """The model in evaluation, its decoder with the attention that knows these masks; afterwards as before."""
    decoder = decoder_of(model)
    before, training = decoder.config._attn_implementation, model.training
    share_attention(model)
    model.eval()
    try:
        yield
    finally:
        model.train(training)
        decoder.set_attn_implementation(before)


def _state_cache(model: Any) -> Any:
    from transformers import DynamicCache

    return DynamicCache(config=model.config.get_text_config())


def _rounds(questions: Sequence[Turn], at_once: int, in_lengths: bool) -> Iterator[list[int]]:
    """Groups of questions, those that follow nothing first, then their follow-ups, and so on."""
    turn_of = [question.turn_of for question in questions]
    depths = [len(way_to(turn_of, number)) for number in range(len(questions))]
    for depth in sorted(set(depths)):
        asked = [number for number in range(len(questions)) if depths[number] == depth]
        if in_lengths:
            asked.sort(key=lambda number: len(questions[number].ids))
        for at in range(0, len(asked), at_once):
            yield asked[at : at + at_once]


def _prompt(questions: Sequence[Turn], number: int, answers: dict[int, list[int]]) -> list[int]:
    """The question's tokens behind those of the turns it follows and their answers."""
    *before, own = way_to([question.turn_of for question in questions], number)
    spoken = [token for turn in before for token in (*questions[turn].ids, *answers[turn])]
    return [*spoken, *questions[own].ids]


class _Row:
    """Keys behind the movie in one row: whose each is, and at which position."""

    def __init__(self, seen: int, device: Any) -> None:
        self.seen, self.device = seen, device
        self.owners = torch.empty(0, dtype=torch.int32, device=device)
        self.positions = torch.empty(0, dtype=torch.int32, device=device)

    def add(self, owners: list[int], positions: list[int]) -> tuple[Any, Any]:
        """Keys and queries of a step; returns the mask of distances and the queries' positions, a row each."""
        owner = torch.tensor(owners, dtype=torch.int32, device=self.device)
        position = torch.tensor(positions, dtype=torch.int32, device=self.device)
        self.owners, self.positions = torch.cat([self.owners, owner]), torch.cat([self.positions, position])
        movie = torch.arange(self.seen, dtype=torch.int32, device=self.device)
        own = position[:, None] - self.positions[None, :]
        own = own.masked_fill(owner[:, None] != self.owners[None, :], -1).clamp(min=-1)
        distances = torch.cat([position[:, None] - movie[None, :], own], dim=1)
        return distances[None, None], position[None].long()


Written = Generator[tuple[int, list[int], bool], None, None]
"""Place of a prompt, its answer so far, and whether that is all of it."""


def _write_in_one_row(
    model: Any, reading: Reading, prompts: Sequence[list[int]], max_new_tokens: int, stops: set[int]
) -> Written:
    """All answers a token at each step, each question seeing the movie and itself."""
    device, cache, seen, behind = model.device, reading.cache, reading.tokens, reading.behind
    row = _Row(seen, device)
    ids = [token for prompt in prompts for token in prompt]
    owners = [number for number, prompt in enumerate(prompts) for _ in prompt]
    positions = [seen + at for prompt in prompts for at in range(len(prompt))]
    last = torch.tensor([len(prompt) for prompt in prompts], device=device).cumsum(0) - 1
    active, answers = list(range(len(prompts))), [list[int]() for _ in prompts]
    try:
        while active:
            mask, places = row.add(owners, positions)
            logits = model(
                input_ids=torch.tensor([ids], device=device),
                attention_mask=mask,
                position_ids=places + behind,
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=last,
            ).logits[0]
            going = []
            for number, token in zip(active, logits.argmax(-1).tolist(), strict=True):
                answers[number].append(token)
                done = token in stops or len(answers[number]) == max_new_tokens
                yield number, answers[number], done
                if not done:
                    going.append(number)
            active = owners = going
            ids = [answers[number][-1] for number in active]
            positions = [seen + len(prompts[number]) + len(answers[number]) - 1 for number in active]
            last = torch.arange(len(active), device=device)
    finally:  # also when a listener raises or memory runs out in a layer: the reading stays what it was
        for layer in cache.layers:
            layer.crop(min(seen - layer.get_seq_length(), 0))


def _write_in_rows(
    model: Any, reading: Reading, prompts: Sequence[list[int]], max_new_tokens: int, stops: set[int]
) -> Written:
    """A row with a copy of the state for each question. Rows stay in step: a longer question is read while shorter
    ones are answered, so nothing is padded and a state never sees a filler."""
    device, seen, behind = model.device, reading.tokens, reading.behind
    states = copy.deepcopy(reading.cache)
    states.reorder_cache(torch.zeros(len(prompts), dtype=torch.long, device=device))
    texts, done = [list(prompt) for prompt in prompts], [False] * len(prompts)
    at, width = 0, min(len(prompt) for prompt in prompts)
    while not all(done):
        step = torch.tensor([text[at : at + width] for text in texts], device=device)
        places = torch.arange(seen + at, seen + at + width, device=device)[None].expand(len(texts), -1) + behind
        logits = model(
            input_ids=step, position_ids=places, past_key_values=states, use_cache=True, logits_to_keep=1
        ).logits[:, -1]
        at, width = at + width, 1
        for number, token in enumerate(logits.argmax(-1).tolist()):
            if len(texts[number]) > at:
                continue
            texts[number].append(token)
            written = texts[number][len(prompts[number]) :]
            if not done[number]:
                done[number] = token in stops or len(written) == max_new_tokens
                yield number, written, done[number]
