"""The processor: prompts, films and pictures become rows with one placeholder for every visual token.

    processor = AutoProcessor.from_pretrained("org/name")
    talk = [{"role": "user", "content": [{"type": "video", "video": film}, {"type": "text", "text": "Who waits?"}]}]
    inputs = processor.apply_chat_template(talk, tokenize=True, return_dict=True, add_generation_prompt=True)
    inputs = processor(text=["<video>\\nWho waits?"], videos=[film], return_tensors="pt")      # the same, by hand
    inputs = processor(text=["<image> is a cat"], images=[[picture]])                           # TRL's collator

A film is laid out with its stamps and its dialogue (layout.py). Rows are never cut: one that is too long is an error
that names the film and says what would fit. Texts of messages are data: markers written in them are broken.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

import torch
from transformers import AutoTokenizer, BatchFeature, ProcessorMixin

from moviellm.training.model.configuration import MovieLLMConfig
from moviellm.training.model.layout import FRAME, IMAGE, VIDEO, breaker, flatten, stamper
from moviellm.training.model.rows import Row, rows_of

GUIDE_FOLDER = "guide_tokenizer"
ROW_KEYS = ("input_ids", "attention_mask", "offset_mapping")


class MovieLLMProcessor(ProcessorMixin):
    """Tokenizer and video processor of a model; its settings are those of the model's config."""

    def __init__(
        self,
        image_processor: Any = None,
        tokenizer: Any = None,
        chat_template: str | None = None,
        tokens_per_frame: int = 1,
        time: str = "text",
        time_steps: int = 100,
        frames_per_stamp: int = 1,
        stamp: str | None = None,
        longest_row: int | None = None,
        asks: str | None = None,
        frame_token: str = FRAME,
        **kwargs: Any,
    ) -> None:
        """Made by `MovieLLMProcessor.for_model`, or loaded.

        `frames_per_stamp`: frames that share one stamp; 0: no stamps, as VTimeLLM. `stamp`: its form, such as
        `"[{seconds:.1f} s] "` or `"[{index:02d}] "`. `longest_row`: tokens that a row may have. `asks`: the guide
        that needs the questions apart, `attention` or `qformer`.
        """
        super().__init__(
            image_processor, tokenizer, chat_template=chat_template or getattr(tokenizer, "chat_template", None)
        )
        self.tokens_per_frame = tokens_per_frame
        self.time = time
        self.time_steps = time_steps
        self.frames_per_stamp = frames_per_stamp
        self.stamp = stamp
        self.longest_row = longest_row
        self.asks = asks
        self.frame_token = frame_token
        self.guide_words: Any = None
        self.frame_token_id = tokenizer.convert_tokens_to_ids(frame_token)
        if self.frame_token_id is None or self.frame_token_id == tokenizer.unk_token_id:
            raise ValueError(
                f"The tokenizer does not know the placeholder {frame_token!r}: add it as a special token, as "
                "`moviellm.training.model.building` does."
            )

    @classmethod
    def for_model(
        cls, config: MovieLLMConfig, tokenizer: Any, image_processor: Any, guide_words: Any = None, **settings: Any
    ) -> "MovieLLMProcessor":
        """The processor that fits a model's config."""
        asks = config.guide if config.compressor == "context_content" else None
        processor = cls(
            image_processor,
            tokenizer,
            tokens_per_frame=config.tokens_per_frame,
            time=config.time,
            time_steps=config.time_steps,
            longest_row=config.longest_row,
            asks=asks,
            **settings,
        )
        if config.frame_token_id != processor.frame_token_id:
            raise ValueError(
                f"The config's `frame_token_id` is {config.frame_token_id} and the tokenizer has "
                f"{processor.frame_token_id} for {processor.frame_token!r}: they must be the same."
            )
        processor.guide_words = guide_words
        return processor

    def __call__(
        self,
        images: Any = None,
        text: str | Sequence[str] | None = None,
        videos: Any = None,
        questions: Sequence[str] | None = None,
        return_tensors: str | None = None,
        **kwargs: Any,
    ) -> BatchFeature:
        """Prompts with markers, their pictures and their films -> a batch.

        `videos`: films, one for each `<video>`, in order, or a list of them for each row. `images`: pictures for each
        `<image>`, likewise. `questions`: what is asked in each row, for the compressor `context_content`. `num_frames`
        or `fps`: which frames are taken of films that are read from a path. Other arguments go to the tokenizer, but
        for those that would cut rows: a row that is longer than `max_length` or than the model's positions is an
        error.
        """
        if text is None:
            raise ValueError(
                "`text` is missing: a prompt with `<video>` for each film and `<image>` for each picture."
            )
        longest = min(filter(None, (self.longest_row, _asked_length(kwargs))), default=None)
        policy = _asked_frames(kwargs)
        wants_places = kwargs.pop("return_text_replacement_offsets", False)
        kwargs["return_attention_mask"] = True
        rows = rows_of([text] if isinstance(text, str) else list(text), images, videos, self, policy)
        for row in rows:
            row.check_budget(longest, self.tokens_per_frame)
        batch = self.tokenizer([row.text for row in rows], return_tensors=return_tensors, **kwargs)
        for row, ids, mask in zip(rows, batch["input_ids"], batch["attention_mask"], strict=True):
            row.check_tokens(ids, int(torch.as_tensor(mask).sum()), self, longest)
        data = dict(batch) | self._frames(rows) | self.question_tensors(rows, questions)
        if wants_places:
            data["text_replacement_offsets"] = [row.places for row in rows]
        return BatchFeature(data, tensor_type=return_tensors, skip_tensor_conversion=["text_replacement_offsets"])

    def _frames(self, rows: list[Row]) -> dict[str, Any]:
        """Frames of all rows behind each other, and how many each row has."""
        if not any(row.frames for row in rows):
            return {}
        parts = [part for row in rows for part in row.tensors(self.image_processor)]
        kinds = {kind for kind, _ in parts}
        if len(kinds) > 1:
            raise ValueError("The batch mixes pictures and cached features: give one of them for all films.")
        data = {
            kinds.pop(): torch.cat([tensor for _, tensor in parts]),
            "frames_per_row": torch.tensor([row.frames for row in rows]),
        }
        if self.time == "additive":
            data["frame_time_ids"] = torch.tensor([step for row in rows for step in row.time_ids(self.time_steps)])
        return data

    def question_tensors(self, rows: Sequence[Any], questions: Sequence[str] | None) -> dict[str, Any]:
        """Questions apart from the rows (of which `frames` counts), where the compressor needs them."""
        if self.asks is None or not any(row.frames for row in rows):
            return {}
        if questions is None or len(questions) != len(rows):
            raise ValueError(
                f"The compressor `context_content` needs `questions`, one a row: {len(rows)} rows came with "
                f"{'none' if questions is None else len(questions)}."
            )
        words = self.tokenizer if self.asks == "attention" else self.guide_words
        if words is None:
            raise ValueError("The guide `qformer` has no vocabulary: set `processor.guide_words` to its tokenizer.")
        asked = words(
            [question or " " for question in questions],
            padding=True,
            padding_side="right",
            add_special_tokens=self.asks == "qformer",
            return_tensors="pt",
        )
        return {"question_ids": asked["input_ids"], "question_mask": asked["attention_mask"]}

    @property
    def markers(self) -> re.Pattern[str]:
        """The markers of pictures and films, and the placeholder."""
        return re.compile("|".join(map(re.escape, (IMAGE, VIDEO, self.frame_token))))

    @property
    def clean(self) -> Callable[[str], str]:
        """Breaks markers in a text."""
        return breaker((IMAGE, VIDEO, self.frame_token))

    @property
    def clean_words(self) -> Callable[[str], str]:
        """Breaks markers and special tokens in words of a film."""
        return breaker((IMAGE, VIDEO, self.frame_token, *self.tokenizer.all_special_tokens))

    def stamper(self) -> Any:
        """What tells the time in text."""
        return stamper(self.time, self.frames_per_stamp, self.time_steps, self.stamp)

    def apply_chat_template(self, conversation: Any, chat_template: str | None = None, **kwargs: Any) -> Any:
        """As that of transformers, for templates of text alone: films and pictures become their markers first."""
        if chat_template is None and self.chat_template is None:
            raise ValueError(
                "The tokenizer has no chat template: set `processor.chat_template`, or take the tokenizer of a model "
                "that was tuned to chat."
            )
        return super().apply_chat_template(conversation, chat_template=chat_template, **kwargs)

    def _normalize_conversations(self, conversation: Any) -> tuple[list[Any], bool]:
        conversations, is_batched = super()._normalize_conversations(conversation)
        for talk in conversations:
            for message in talk:
                message["content"], images, videos = flatten(message.get("content"), self.clean)
                message["media"] = images, videos
        return conversations, is_batched

    def _multimodal_inputs_from_conversations(self, conversations: Any, *args: Any, **kwargs: Any) -> Any:
        images = [[one for message in talk for one in message["media"][0]] for talk in conversations]
        videos = [[one for message in talk for one in message["media"][1]] for talk in conversations]
        asked = [[message["content"] for message in talk if message["role"] == "user"] for talk in conversations]
        questions = ["\n".join(self.markers.sub("", one).strip() for one in texts) for texts in asked]
        return images, videos, [], {"questions": questions} if self.asks else {}

    @property
    def model_input_names(self) -> list[str]:
        """Names of what it makes."""
        names = ["input_ids", "attention_mask", "pixel_values", "frame_features", "frames_per_row", "frame_time_ids"]
        return [*names, "question_ids", "question_mask"]

    def save_pretrained(self, save_directory: Any, push_to_hub: bool = False, **kwargs: Any) -> Any:
        """Save it, the guide's vocabulary in a folder of its own."""
        if self.guide_words is not None:
            self.guide_words.save_pretrained(f"{save_directory}/{GUIDE_FOLDER}")
        return super().save_pretrained(save_directory, push_to_hub=push_to_hub, **kwargs)

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: Any, **kwargs: Any) -> "MovieLLMProcessor":
        """Load it from a folder or the Hub."""
        processor: MovieLLMProcessor = super().from_pretrained(pretrained_model_name_or_path, **kwargs)
        if processor.asks == "qformer":
            hub = {name: kwargs[name] for name in ("revision", "token", "cache_dir") if kwargs.get(name) is not None}
            processor.guide_words = AutoTokenizer.from_pretrained(
                pretrained_model_name_or_path, subfolder=GUIDE_FOLDER, **hub
            )
        return processor


def _asked_frames(kwargs: dict[str, Any]) -> Any:
    """The policy that a caller names as transformers does, taken out of the arguments; None where none is named."""
    kwargs.pop("do_sample_frames", None)
    number, fps = kwargs.pop("num_frames", None), kwargs.pop("fps", None)
    if number is None and fps is None:
        return None
    from moviellm.training.media import FramePolicy

    return FramePolicy(n=number, fps=fps)


def _asked_length(kwargs: dict[str, Any]) -> int | None:
    """The length that a caller wants rows cut to, taken out of the arguments: nothing is cut here."""
    kwargs.pop("truncation", None)
    return kwargs.get("max_length") if kwargs.get("padding") == "max_length" else kwargs.pop("max_length", None)
