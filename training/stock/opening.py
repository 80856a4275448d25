"""A stock model and its processor, from the Hub or from a folder: `open_stock`.

    model, processor = open_stock("Qwen/Qwen3-VL-4B-Instruct", revision="main", dtype="bfloat16")
    model, processor = open_stock(folder, frame_settings={"size": {"shortest_edge": 4_096, "longest_edge": 4_000_000}})

Safetensors only, and no code from a repository is run. What cannot be trained here is refused with the reason: an id
or a revision that is not there, pickled weights, an architecture that is none of the seven families, a checkpoint that
lacks weights, one without a chat template. It needs no torchvision (`pixels.py`).
"""

import importlib.util
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from huggingface_hub.errors import (
    GatedRepoError,
    HFValidationError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from transformers import AutoConfig, AutoModelForImageTextToText, AutoTokenizer
from transformers.models.smolvlm.processing_smolvlm import DEFAULT_CHAT_TEMPLATE
from transformers.utils import cached_file

from moviellm.training.model.loading import check_whole, refusals
from moviellm.training.stock.families import FAMILIES
from moviellm.training.stock.mends import mend
from moviellm.training.stock.processing import StockProcessor
from moviellm.training.stock.settings import PROCESSOR_FILES, settings_in, with_settings

TEMPLATES = ("chat_template.jinja", "chat_template.json")


def open_stock(
    id_or_path: str | Path,
    revision: str | None = None,
    dtype: Any = None,
    quantisation: Any = None,
    frame_settings: Mapping[str, Any] | None = None,
) -> tuple[Any, StockProcessor]:
    """The model, in evaluation, and its processor.

    `dtype`: a torch dtype or its name; None: the checkpoint's. `quantisation`: a quantisation config of transformers
    (training/checkpoints/quantised.py makes them for QLoRA), or `nf4`, `fp4`, `int8`: the linear layers of the
    language model, and nothing else. `frame_settings` replace settings of the checkpoint's video processor, such as
    its `size`, and are saved with what is trained.
    """
    place = str(id_or_path)
    if revision is not None and Path(place).is_dir():
        raise ValueError(f"{place} is a folder and has no revisions: leave the revision out, or give a Hub id.")
    with _missing(place, revision):
        config = _config(place, revision)
        processor = open_processor(place, revision, config, frame_settings)
        if isinstance(quantisation, str):
            quantisation = _bits(quantisation, config)
        with refusals(place):
            model, info = AutoModelForImageTextToText.from_pretrained(
                place,
                revision=revision,
                config=config,
                dtype="auto" if dtype is None else dtype,
                quantization_config=quantisation,
                use_safetensors=True,
                trust_remote_code=False,
                output_loading_info=True,
            )
    check_whole(place, info)
    mend(model)
    return model, processor


def _bits(name: str, config: Any) -> Any:
    """Few bits by their name."""
    from moviellm.training.checkpoints.adapters import Qlora
    from moviellm.training.checkpoints.quantised import quantisation

    known = {"nf4": Qlora(), "fp4": Qlora(quant_type="fp4"), "int8": Qlora(bits=8)}
    if name not in known:
        raise ValueError(f"quantisation is {name!r}: it can be {', '.join(known)}, or a config of transformers.")
    return quantisation(known[name], config)


def open_processor(
    id_or_path: str | Path,
    revision: str | None = None,
    config: Any = None,
    frame_settings: Mapping[str, Any] | None = None,
) -> StockProcessor:
    """The processor alone; no weights are read."""
    place = str(id_or_path)
    with _missing(place, revision):
        config = config or _config(place, revision)
        if config.model_type == "smolvlm" and importlib.util.find_spec("num2words") is None:
            raise ValueError(f"{place} is a SmolVLM, whose prompts spell numbers: pip install num2words.")
        files = _files(place, revision)
        if not settings_in(files):
            raise ValueError(f"{place} has none of {', '.join(PROCESSOR_FILES)}: it does not say how frames are seen.")
        tokenizer = AutoTokenizer.from_pretrained(place, revision=revision, trust_remote_code=False)
    template = _template(config.model_type, files, tokenizer)
    if not template:
        raise ValueError(
            f"{place} has no chat template: it is a base model, or its files are not complete. Take the model that "
            "was trained to talk, or put its chat_template.jinja beside the weights."
        )
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    kept = {name: text for name, text in files.items() if name in PROCESSOR_FILES}
    return StockProcessor(tokenizer, config, with_settings(kept, frame_settings or {}), template)


def _config(place: str, revision: str | None) -> Any:
    if Path(place).is_dir() and not (Path(place) / "config.json").is_file():
        raise ValueError(f"{place} is no checkpoint: it has no config.json.")
    try:
        config = AutoConfig.from_pretrained(place, revision=revision, trust_remote_code=False)
    except ValueError as error:
        raise ValueError(f"{place} is of an architecture that transformers does not know: {_first(error)}") from error
    if config.model_type not in FAMILIES:
        titles = ", ".join(family.title for family in FAMILIES.values())
        known = type(config) in AutoModelForImageTextToText._model_mapping
        kind = "sees pictures, but how it is told of films is not known here" if known else "sees no pictures"
        raise ValueError(
            f"{place} is a `{config.model_type}` model, which {kind}. Trained as they are: {titles}. A language model "
            "becomes a film model by `moviellm.training.model.building`."
        )
    return config


def _files(place: str, revision: str | None) -> dict[str, str]:
    """The processor's files, as they are."""
    found = {}
    for name in (*PROCESSOR_FILES, *TEMPLATES):
        path = cached_file(
            place,
            name,
            revision=revision,
            _raise_exceptions_for_missing_entries=False,
            _raise_exceptions_for_gated_repo=False,
        )
        if path is not None:
            found[name] = Path(path).read_text(encoding="utf-8")
    return found


def _template(kind: str, files: dict[str, str], tokenizer: Any) -> str | None:
    """The chat template: of the processor, else of the tokenizer. SmolVLM's is the one transformers has for films."""
    template = files.get("chat_template.jinja")
    if template is None and "chat_template.json" in files:
        template = json.loads(files["chat_template.json"]).get("chat_template")
    template = template or tokenizer.chat_template
    if isinstance(template, dict):
        template = template.get("default")
    return DEFAULT_CHAT_TEMPLATE if kind == "smolvlm" and template else template


@contextmanager
def _missing(place: str, revision: str | None) -> Iterator[None]:
    """Say in our words that there is no such repository, or no such revision of it."""
    try:
        yield
    except (OSError, HFValidationError) as error:
        causes = list(_causes(error))
        if any(isinstance(one, RevisionNotFoundError) for one in causes):
            raise ValueError(
                f"{place} has no revision {revision!r}: give one of its branches, tags or commits."
            ) from error
        if any(isinstance(one, GatedRepoError) for one in causes):
            raise ValueError(
                f"{place} is given out on request: ask on its page on the Hub, then log in (`hf auth login`)."
            ) from error
        if any(isinstance(one, (RepositoryNotFoundError, HFValidationError)) for one in causes):
            raise ValueError(
                f"There is no folder and no model on the Hub called {place!r}; private ones need `hf auth login`."
            ) from error
        if any(isinstance(one, LocalEntryNotFoundError) for one in causes):
            raise ValueError(f"{place} is not on this machine, and the Hub cannot be reached.") from error
        raise


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _first(error: ValueError) -> str:
    return str(error).split("\n")[0]
