"""New tokens for the text encoders of a pipeline, without writing to a tokenizer or a table of embeddings.

    with new_token(pipeline, "<moviellm-style>", {"clip_l": rows, "clip_g": rows_2}):
        pipeline("a pier at dusk, in the style of <moviellm-style>")

Inside, the tokenizers are copies that know the token (and `_1`, `_2`, ... for its further vectors: diffusers' own
spelling), and the forward of each embedding looks the new ids up in `rows`. So the rows may be the leaf of a gradient,
and no gradient is ever made for the table; outside, everything is what it was, to the last bit.

CLIP text models whose config says `eos_token_id: 2` (SDXL's among them) pool at the *highest* id of a prompt, which is
a new token's: everything said after it would be lost from the pooled vector. Inside, they pool at the end of the text.

It learns nothing: see inversion.py.
"""

import copy
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final

STYLE_TOKEN: Final = "<moviellm-style>"
"""The token that a style is learned as, unless another is asked for."""
LEGACY_END_ID: Final = 2
"""The `eos_token_id` by which transformers knows the CLIP configs that pool at the highest id."""


@dataclass(frozen=True, kw_only=True)
class Encoder:
    """One text encoder of a pipeline."""

    key: str
    """Name of its rows in the learned file: `clip_l`, `clip_g` or `t5`."""
    tokenizer_name: str
    """Attribute of the pipeline that holds its tokenizer."""
    model_name: str
    """Attribute of the pipeline that holds the model."""


def text_encoders(pipeline: Any) -> tuple[Encoder, ...]:
    """The text encoders that a token is learned in: all that the pipeline has.

    Raises:
        ValueError: the pipeline cannot load a learned token, or has an encoder of another kind.
    """
    from diffusers.loaders import TextualInversionLoaderMixin

    name = type(pipeline).__name__
    if not isinstance(pipeline, TextualInversionLoaderMixin):
        raise ValueError(
            f"style.method: textual_inversion cannot be used with {name}: it has no load_textual_inversion. "
            "It works with pipelines of the kinds Stable Diffusion, SDXL and FLUX.1; use style.method: reference "
            "(pipelines that take reference images) or prompt (all)"
        )
    found: list[Encoder] = []
    for suffix in ("", "_2"):
        model = getattr(pipeline, f"text_encoder{suffix}", None)
        if model is None:
            continue
        kind = str(model.config.model_type)
        if kind not in ("clip", "clip_text_model", "t5"):
            raise ValueError(
                f"style.method: textual_inversion needs CLIP or T5 text encoders; text_encoder{suffix} of this {name} "
                f"is of the kind {kind!r}. Use style.method: reference or prompt"
            )
        key = "t5" if kind == "t5" else "clip_g" if suffix else "clip_l"
        found.append(Encoder(key=key, tokenizer_name=f"tokenizer{suffix}", model_name=f"text_encoder{suffix}"))
    if not found:
        raise ValueError(f"this {name} has no text encoder to learn a token in; use style.method: reference")
    return tuple(found)


def token_names(token: str, vectors: int) -> list[str]:
    """The tokens of one style, one a vector: diffusers expands the first to all of them in a prompt."""
    return [token, *(f"{token}_{at}" for at in range(1, vectors))]


@contextmanager
def new_token(pipeline: Any, token: str, rows: Mapping[str, Any]) -> Iterator[None]:
    """Inside, prompts may say `token`; `rows` maps each encoder's key to a tensor (vectors, width).

    The rows are read at every prompt: put others of the same shape into the mapping to go on with those.

    Raises:
        ValueError: the rows are of other encoders, or the pipeline knows the token already.
    """
    encoders = text_encoders(pipeline)
    if {encoder.key for encoder in encoders} != set(rows):
        needs = ", ".join(encoder.key for encoder in encoders)
        raise ValueError(
            f"the learned style has rows for {', '.join(sorted(rows))}, this {type(pipeline).__name__} has {needs}: "
            "it was learned on another kind of pipeline; learn it again on this one"
        )
    with ExitStack() as stack:
        for encoder in encoders:
            stack.enter_context(_in_one(pipeline, encoder, token, rows))
        yield


@contextmanager
def _in_one(pipeline: Any, encoder: Encoder, token: str, rows: Mapping[str, Any]) -> Iterator[None]:
    model = getattr(pipeline, encoder.model_name)
    tokenizer = getattr(pipeline, encoder.tokenizer_name)
    embedding = model.get_input_embeddings()
    vectors, width = rows[encoder.key].shape
    if width != embedding.weight.shape[-1]:
        raise ValueError(
            f"the learned rows of {encoder.key} have {width} numbers each, the pipeline's have "
            f"{embedding.weight.shape[-1]}: it was learned on another model; learn it again on this one"
        )
    knowing, first_id = _knowing(tokenizer, tuple(token_names(token, vectors)))
    setattr(pipeline, encoder.tokenizer_name, knowing)
    # T5 looks its words up in a second module with the same table.
    readers = [part for part in model.modules() if getattr(part, "weight", None) is embedding.weight]
    try:
        with ExitStack() as stack:
            for reader in readers:
                stack.enter_context(_looking_up(reader, first_id, lambda: rows[encoder.key]))
            stack.enter_context(_pooling_at_the_end(model, tokenizer))
            yield
    finally:
        setattr(pipeline, encoder.tokenizer_name, tokenizer)


@functools.lru_cache(maxsize=16)
def _knowing(tokenizer: Any, names: tuple[str, ...]) -> tuple[Any, int]:
    """A copy of a tokenizer that knows the names, and the id of the first. Copying a real one takes a while."""
    first_id = len(tokenizer)
    knowing = copy.deepcopy(tokenizer)
    knowing.add_tokens(list(names))
    if knowing.convert_tokens_to_ids(list(names)) != list(range(first_id, first_id + len(names))):
        raise ValueError(f"the tokenizer knows {names[0]} or one of its followers already; take another token")
    return knowing, first_id


@contextmanager
def _looking_up(embedding: Any, first_id: int, rows: Callable[[], Any]) -> Iterator[None]:
    """Ids from `first_id` on are looked up in the rows, all others in the table as ever."""
    import torch

    before: Callable[[Any], Any] | None = embedding.__dict__.get("forward")
    plain = embedding.forward

    def forward(ids: Any) -> Any:
        new = ids >= first_id
        known = plain(ids.masked_fill(new, 0))
        added = torch.nn.functional.embedding((ids - first_id).clamp(min=0), rows().to(ids.device))
        return torch.where(new.unsqueeze(-1), added.to(known.dtype), known)

    embedding.forward = forward
    try:
        yield
    finally:
        del embedding.forward
        if before is not None:
            embedding.forward = before


@contextmanager
def _pooling_at_the_end(model: Any, tokenizer: Any) -> Iterator[None]:
    """A CLIP text model pools where the text ends, not at the highest id."""
    wrong = [
        part
        for part in model.modules()
        if getattr(part, "eos_token_id", None) == LEGACY_END_ID != tokenizer.eos_token_id
    ]
    for part in wrong:
        part.eos_token_id = tokenizer.eos_token_id
    try:
        yield
    finally:
        for part in wrong:
            part.eos_token_id = LEGACY_END_ID


def first_rows(pipeline: Any, keyword: str, vectors: int, noise: Sequence[Any]) -> tuple[dict[str, Any], list[float]]:
    """Where learning begins: for each encoder float32 rows (vectors, width) near the keyword's own, and its scale.

    A scale is the root mean square of the encoder's embeddings. `noise` holds a generator for each encoder; what it
    adds, a tenth of the scale, tells the vectors apart.
    """
    import torch

    rows: dict[str, Any] = {}
    scales: list[float] = []
    for encoder, generator in zip(text_encoders(pipeline), noise, strict=True):
        table = getattr(pipeline, encoder.model_name).get_input_embeddings().weight
        ids = getattr(pipeline, encoder.tokenizer_name)(keyword, add_special_tokens=False).input_ids
        if not ids:
            raise ValueError(f"the style's keyword {keyword!r} has no token in {encoder.key}; give a word")
        with torch.no_grad():
            word = table[torch.tensor(ids, device=table.device)].float().mean(0).cpu()
            scale = float(table.float().square().mean().sqrt())
        shaken = torch.randn(vectors, table.shape[-1], generator=generator)
        rows[encoder.key] = word + 0.1 * scale * shaken
        scales.append(scale)
    return rows, scales
