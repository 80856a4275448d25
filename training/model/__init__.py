"""MovieLLM's own long-video model; importing this registers it with transformers' Auto classes.

    import moviellm.training.model
    model = AutoModelForImageTextToText.from_pretrained("org/name")
    processor = AutoProcessor.from_pretrained("org/name")

It imports torch and transformers: import it where a model is needed, not where a command line starts.
"""

from moviellm.training.model.configuration import MovieLLMConfig
from moviellm.training.model.frames import MovieLLMVideoProcessor
from moviellm.training.model.modeling import MovieLLMForConditionalGeneration, MovieLLMModel
from moviellm.training.model.preflight import Sample, preflight
from moviellm.training.model.processing import MovieLLMProcessor
from moviellm.training.model.registration import register

register()

__all__ = [
    "MovieLLMConfig",
    "MovieLLMForConditionalGeneration",
    "MovieLLMModel",
    "MovieLLMProcessor",
    "MovieLLMVideoProcessor",
    "Sample",
    "preflight",
]
