"""What lmms-eval is told of our model: the entry point `moviellm` in its group `lmms_eval.models`.

lmms-eval takes the chat class unless it is run with `--force_simple`. It loads nothing by asking.
"""

from typing import Any, Final

MODEL: Final = "moviellm"
"""What `--model` takes."""
PLACE: Final = "moviellm.eval.lmms_eval.models.moviellm"


def manifest() -> Any:
    """The names under which lmms-eval finds the classes."""
    from lmms_eval.models.registry_v2 import ModelManifest

    return ModelManifest(
        model_id=MODEL, simple_class_path=f"{PLACE}.MovieLLM", chat_class_path=f"{PLACE}.MovieLLMChat"
    )
