"""The processor of a stock model: a film and a talk about it become tokens, labels and frames.

    model, processor = open_stock("Qwen/Qwen3-VL-4B-Instruct")
    seen = processor.see(film)                                  # frames and the film as text, once a film
    row = processor.row(seen, "Who waits?", "Ada.")             # tokens, labels on the answer alone
    processor.save_pretrained(folder)                           # the files the checkpoint came with

Each placeholder is one token that the model makes of the frames. Rows are never cut. Words of films and talks are
data: markers in them are broken. It is a processor to TRL and to trainers, and saves the original's files, so that a
trained checkpoint opens wherever the original does.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import ProcessorMixin

from moviellm.generation.files import write_whole
from moviellm.training.model.frames import as_picture
from moviellm.training.model.layout import as_film, breaker, check_film, frame_count
from moviellm.training.stock.families import FAMILIES, Family, Look, Names, names_of
from moviellm.training.stock.pixels import prepared, target_of
from moviellm.training.stock.settings import rules_of

IGNORED = -100
Talk = str | Sequence[Mapping[str, Any]]
"""A question, or the messages up to the answer."""


@dataclass(frozen=True)
class Seen:
    """A film ready to be talked about."""

    name: str
    """Said in errors."""
    look: Look
    text: str
    """Its placeholders, stamps and dialogue."""
    frames: int


@dataclass(frozen=True)
class StockRow:
    """A talk about a film."""

    ids: list[int]
    labels: list[int]
    """As many; -100 outside the answer."""
    visual: int
    """How many of the tokens are the film's frames."""
    movie: int
    """Tokens up to the last frame: the beginning that does not depend on what is asked."""


class StockProcessor(ProcessorMixin):
    """Tokenizer, rules for frames and words of a stock model."""

    def __init__(self, tokenizer: Any, config: Any, files: Mapping[str, str], chat_template: str) -> None:
        super().__init__(tokenizer, chat_template=chat_template)
        self.kind: str = config.model_type
        self.files = dict(files)
        self.rules = rules_of(self.kind, files)
        self.names = names_of(config, tokenizer)
        self.longest = int(getattr(config.get_text_config(), "max_position_embeddings", 0) or 0)
        self.placeholder_id = int(tokenizer.convert_tokens_to_ids(self.names.placeholder))
        special = {token.content for token in tokenizer.added_tokens_decoder.values() if token.special}
        self.special = tuple(sorted({*special, self.names.placeholder, _single(self.names)}))

    def clean(self, text: str) -> str:
        """Words with the markers in them broken."""
        return _cleaner(self.special)(text)

    @property
    def family(self) -> Family:
        """What kind of model it is for."""
        return FAMILIES[self.kind]

    @property
    def model_input_names(self) -> list[str]:
        """What a batch holds, beside frames."""
        return ["input_ids", "attention_mask", *(["mm_token_type_ids"] if self.family.spatial else [])]

    def see(self, film: Any, name: str = "", longest: int | None = None) -> Seen:
        """A film with its frames read, resized and counted; `name` is said in errors instead of its id.

        One whose frames alone are more tokens than `longest` is refused before they are read; None: more than the
        model has positions for.
        """
        film = as_film(film)
        name = name or film.movie_id or "without an id"
        check_film(film, name, "text")
        if film.frames is None:
            raise ValueError(f"Film {name} has cached features: {self.family.title} sees pictures, give its frames.")
        count, times = frame_count(film), [float(time_s) for time_s in film.times_s]
        try:
            self._check_room(as_picture(film.frames[0], "frame 0"), count, longest or self.longest)
            pictures = (as_picture(frame, f"frame {number}") for number, frame in enumerate(film.frames))
            frames = prepared(pictures, count, self.rules, self.kind)
        except ValueError as error:
            raise ValueError(f"Film {name}: {str(error).rstrip('.')}.") from error
        asked = self.names.frame_px
        if asked is not None and tuple(frames.shape[-2:]) != asked:
            raise ValueError(
                f"The checkpoint's processor makes frames of {frames.shape[-1]} x {frames.shape[-2]} px, and its "
                f"model takes {asked[1]} x {asked[0]}: one of the two files is another model's."
            )
        look = self.family.see(frames, times, self.rules, self.names)
        return Seen(name, look, self.family.told(film, look.units, self.clean), count)

    def _check_room(self, first: Any, count: int, longest: int) -> None:
        """Raise where the frames alone do not fit; what stands between them is counted when they are told."""
        a_unit, step = self.names.tokens_a_frame, 1
        if not a_unit:
            high, wide = target_of(self.kind, (first.height, first.width), count, self.rules)
            step, side = self.rules.frames_a_patch, self.rules.patch * self.rules.merge
            a_unit = 1 if self.rules.drops_still_patches else (high // side) * (wide // side)
        tokens = a_unit * -(-count // step)
        if longest and tokens > longest:
            raise ValueError(
                f"its {count:,} frames are {tokens:,} tokens and a row may have {longest:,}. Nothing is cut: show "
                f"fewer than {longest // a_unit * step:,} frames, or give smaller ones"
            )

    def row(self, seen: Seen, prompt: Talk, completion: str | None = None, longest: int | None = None) -> StockRow:
        """A talk about a film as tokens. `longest`: most tokens of a row; None: those the model has positions for."""
        messages = self._messages(prompt)
        asked = self._rendered(messages, seen.text, add_generation_prompt=True)
        ids = self._tokens(asked)
        labels = [IGNORED] * len(ids)
        if completion is not None:
            answer = self._answer(messages, asked, seen.text, completion)
            whole = self._tokens(asked + answer)
            if whole[: len(ids)] != ids:
                whole = [*ids, *self.tokenizer(answer, add_special_tokens=False)["input_ids"]]
            labels += whole[len(ids) :]
            ids = whole
        visual, wanted = ids.count(self.placeholder_id), seen.text.count(self.names.placeholder)
        if visual != wanted:
            raise ValueError(
                f"{visual} placeholders in the row on film {seen.name}, and its frames make {wanted}: the tokenizer "
                f"does not keep {self.names.placeholder!r} as one token."
            )
        longest = longest or self.longest
        if longest and len(ids) > longest:
            raise ValueError(self._too_long(seen, len(ids), visual, longest))
        movie = len(ids) - ids[::-1].index(self.placeholder_id)
        return StockRow(ids, labels, visual, movie)

    def types_of(self, ids: torch.Tensor) -> torch.Tensor:
        """Which tokens are frames, as models with positions in time, height and width ask for: 2, others 0."""
        return (ids == self.placeholder_id).int() * 2

    def save_pretrained(self, save_directory: Any, push_to_hub: bool = False, **kwargs: Any) -> list[str]:
        """Write the tokenizer and the processor's original files."""
        if push_to_hub:
            raise ValueError("push the checkpoint's folder with `moviellm train push`, not the processor alone")
        folder = Path(save_directory)
        self.tokenizer.save_pretrained(folder)
        for name, text in {**self.files, "chat_template.jinja": self.chat_template}.items():
            write_whole(folder / name, text.encode())
        return [str(folder / name) for name in self.files]

    def _messages(self, prompt: Talk) -> list[dict[str, Any]]:
        """The talk in parts, its words broken where they are markers, the film before the first words of the user."""
        given = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt
        messages: list[dict[str, Any]] = []
        shown = False
        for message in given:
            words = [{"type": "text", "text": self.clean(text)} for text in _words(message["content"])]
            film = [] if shown or message["role"] != "user" else [{"type": "video"}]
            shown = shown or bool(film)
            messages.append({"role": message["role"], "content": [*film, *words]})
        if not shown or messages[-1]["role"] != "user":
            raise ValueError("A talk ends with what the user says: messages of roles `user`, `assistant`, `system`.")
        return messages

    def _rendered(self, messages: list[dict[str, Any]], told: str, add_generation_prompt: bool = False) -> str:
        text: str = self.tokenizer.apply_chat_template(
            messages, chat_template=self.chat_template, tokenize=False, add_generation_prompt=add_generation_prompt
        )
        written = text.count(self.names.marker)
        if written != 1:
            raise ValueError(
                f"The chat template writes {self.names.marker!r} {written} times for one film: it is not one for "
                "films. Use the template of the original checkpoint."
            )
        return text.replace(self.names.marker, told)

    def _answer(self, messages: list[dict[str, Any]], asked: str, told: str, completion: str) -> str:
        """What the template writes behind the question: the answer and the end of its turn."""
        words = self.clean(completion)
        parts = [{"type": "text", "text": words}]
        whole = self._rendered([*messages, {"role": "assistant", "content": parts}], told)
        if whole.startswith(asked):
            return whole[len(asked) :]
        at = whole.rfind(words)
        if not words or at < 0:
            raise ValueError(f"The chat template does not write the answer {completion!r} as it is: use another one.")
        return whole[at:]

    def _tokens(self, text: str) -> list[int]:
        bos = self.tokenizer.bos_token
        return list(self.tokenizer(text, add_special_tokens=not (bos and text.startswith(bos)))["input_ids"])

    def _too_long(self, seen: Seen, tokens: int, visual: int, longest: int) -> str:
        told = len(self._tokens(seen.text))
        rest = tokens - told
        fitting = int((longest - rest) * seen.frames / told)
        advice = (
            f"show {fitting:,} frames at most"
            if fitting > 0
            else f"no frame fits beside {rest:,} tokens of the talk: shorten it"
        )
        return (
            f"Film {seen.name} has a row of {tokens:,} tokens, {visual:,} of them for {seen.frames:,} frames "
            f"({visual / seen.frames:.0f} a frame); a row may have {longest:,}. Nothing is cut: {advice}, or give "
            "smaller frames."
        )


@functools.lru_cache(maxsize=8)
def _cleaner(special: tuple[str, ...]) -> Callable[[str], str]:
    return breaker(special)


def _single(names: Names) -> str:
    """The marker where it is one token; one of several is broken where its tokens are."""
    return names.placeholder if names.placeholder in names.marker else names.marker


def _words(content: Any) -> list[str]:
    """Texts of a message's content."""
    if isinstance(content, str):
        return [content]
    strange = sorted({part.get("type") for part in content} - {"text"})
    if strange:
        raise ValueError(f"A talk has a part of type {strange[0]!r}: words only, the film is given beside it.")
    return [part["text"] for part in content]
