"""Make transformers' Auto classes know the model; done on import of `moviellm.training.model`.

    import moviellm.training.model
    AutoModelForImageTextToText.from_pretrained("org/name")     # a checkpoint with `"model_type": "moviellm"`

No file of a checkpoint is run, and no checkpoint carries an `auto_map`.
"""

from transformers import (
    AutoConfig,
    AutoImageProcessor,
    AutoModel,
    AutoModelForImageTextToText,
    AutoProcessor,
    InstructBlipVideoVisionConfig,
    InstructBlipVideoVisionModel,
)

from moviellm.training.model.configuration import MovieLLMConfig
from moviellm.training.model.convolutions import ConvolutionTower, ConvolutionTowerConfig
from moviellm.training.model.frames import MovieLLMVideoProcessor
from moviellm.training.model.modeling import MovieLLMForConditionalGeneration, MovieLLMModel
from moviellm.training.model.processing import MovieLLMProcessor


def register() -> None:
    """Register the classes; again is harmless."""
    AutoConfig.register("moviellm", MovieLLMConfig, exist_ok=True)
    AutoModel.register(MovieLLMConfig, MovieLLMModel, exist_ok=True)
    AutoModelForImageTextToText.register(MovieLLMConfig, MovieLLMForConditionalGeneration, exist_ok=True)
    AutoImageProcessor.register(MovieLLMConfig, image_processor_classes={"pil": MovieLLMVideoProcessor}, exist_ok=True)
    AutoProcessor.register(MovieLLMConfig, MovieLLMProcessor, exist_ok=True)
    AutoConfig.register(ConvolutionTowerConfig.model_type, ConvolutionTowerConfig, exist_ok=True)
    AutoModel.register(ConvolutionTowerConfig, ConvolutionTower, exist_ok=True)
    # EVA's ViT-g, which LLaMA-VID sees with; transformers ships it, but AutoModel does not know it.
    AutoModel.register(InstructBlipVideoVisionConfig, InstructBlipVideoVisionModel, exist_ok=True)
