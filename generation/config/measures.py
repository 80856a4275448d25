"""The part of a recipe that says which models measure the pictures of a dataset: `moviellm measure`.

    recipe.measures.clip_model      # see recipe.py for the whole recipe, eval/keyframes.py for what is measured

It decides no cell: pictures are made before they are measured. What chooses pictures while they are made
(`painting.scorer`) is another model, so that nobody is praised by who chose them. It loads no model.
"""

from moviellm.generation.config.section import Section
from moviellm.generation.schema import Text


class MeasuresConfig(Section):
    """Who measures the pictures. Model and revision are a part of every metric's name."""

    clip_model: Text = "openai/clip-vit-large-patch14"
    """Model of the CLIP kind, a Hub id or a folder: pictures against texts and against each other."""
    clip_revision: Text | None = None
    """Commit of a Hub repository; None takes the newest, and the metric's name says which that was."""
    style_model: Text | None = None
    """What tells styles apart: a vision model, or a `.safetensors` file of CSD (arXiv 2404.01292); None takes
    `clip_model`."""
    style_revision: Text | None = None
    """Its commit."""
    identity_model: Text | None = None
    """What tells people apart, a vision model; None takes `clip_model`."""
    identity_revision: Text | None = None
    """Its commit."""
    perceptual_model: Text | None = None
    """Vision model between whose layers pictures are compared, or `lpips:alex`, `lpips:vgg`, `lpips:squeeze` for the
    package lpips; None takes `clip_model`."""
    perceptual_revision: Text | None = None
    """Its commit."""

    def models(self) -> tuple[tuple[str, str | None], ...]:
        """Every model that it names, with the revision that it asks for."""
        named = (
            (self.clip_model, self.clip_revision),
            (self.style_model, self.style_revision),
            (self.identity_model, self.identity_revision),
            (self.perceptual_model, self.perceptual_revision),
        )
        return tuple((model, revision) for model, revision in named if model is not None)
